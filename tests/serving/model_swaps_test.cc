// Models are swapped while callers ask: no call fails, and what was written
// live is in every answer.
#include <atomic>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "gmock/gmock.h"
#include "index/artifact/version.h"
#include "tests/serving/server_fixture.h"
#include "tests/testing/scratch_folder.h"

namespace usher {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Not;

constexpr int kSwaps = 200;
constexpr int kVersions = 3;

class ModelSwapsTest : public ServerTest {
 protected:
  // Room for all callers: what fails, fails because of a swap.
  WorkerPool wide_pool_{{2, 16}};
  std::unique_ptr<Server> wide_server_ =
      Server::Start("", {holder_, publisher_, recommender_, pages_, reporter_,
                         loader_, eraser_, exporter_, experiments_, scenarios_,
                         exposures_, clock_, wide_pool_, telemetry_})
          .value();
  std::unique_ptr<v1::RecommendationService::Stub> wide_stub_ =
      v1::RecommendationService::NewStub(wide_server_->InProcessChannel());
  ScratchFolder folder_;
  ModelLoader swapper_{{folder_.path(), "", 0}, publisher_, clock_};
};

TEST_F(ModelSwapsTest, TwoHundredUnderLoadCostNoCall) {
  for (int version = 1; version <= kVersions; ++version) {
    Snapshot snapshot = TinySnapshot(TinyCatalog());
    ASSERT_EQ(WriteVersion(folder_.path(), snapshot, {}).value(), version);
  }
  ASSERT_TRUE(swapper_.Pin(1).ok());
  ASSERT_TRUE(
      publisher_.Write(EventUpserts{{TinyEvent("jazz9", 5 * kHour)}, {}}).ok());
  ASSERT_TRUE(publisher_.Write(EventDeletions{{"jazz1"}}).ok());
  std::atomic<bool> stop = false;
  std::atomic<int> calls = 0;
  std::vector<std::set<int64_t>> versions(2);
  std::vector<std::thread> callers;
  for (std::set<int64_t>& seen : versions) {
    callers.emplace_back([&] {
      while (!stop) {
        v1::RecommendResponse response;
        grpc::ClientContext context;
        const grpc::Status status =
            wide_stub_->Recommend(&context, request_, &response);
        EXPECT_TRUE(status.ok()) << status.error_message();
        EXPECT_THAT(IdsOf(response), Contains("jazz9"));
        EXPECT_THAT(IdsOf(response), Not(Contains("jazz1")));
        EXPECT_EQ(response.results_size(), 8);
        seen.insert(response.model_version());
        ++calls;
      }
    });
  }
  for (int swap = 1; swap <= kSwaps; ++swap) {
    // Never the version that was replaced last: that would be in memory.
    const int calls_before = calls;
    const absl::Status swapped = swapper_.Pin(swap % kVersions + 1);
    ASSERT_TRUE(swapped.ok()) << swapped;
    while (calls == calls_before) std::this_thread::yield();
  }
  stop = true;
  for (std::thread& caller : callers) caller.join();
  for (const std::set<int64_t>& seen : versions) {
    EXPECT_THAT(seen, ElementsAre(1, 2, 3));
  }
  EXPECT_GE(calls, kSwaps);
  EXPECT_EQ(recommender_.ineligible(), 0);
}

}  // namespace
}  // namespace usher
