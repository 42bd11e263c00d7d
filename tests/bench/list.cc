// What one list costs without gRPC, on one thread.
//
//   usher-bench list MODEL_DIR NOW [LISTS] [POLICY]
//
// Answers requests of users in turn at NOW (unix seconds), 20 results with
// reasons each, from the request to the bytes of its response. Prints the
// microseconds of each stage of a list and a hash of all responses but for
// their ids, so that two builds can be held against each other. POLICY is text
// of the ranking configuration that is put over the version's: "trees {}"
// leaves the learned trees out.
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "index/base/hash.h"
#include "index/state/state_store.h"
#include "serving/convert_requests.h"
#include "serving/convert_responses.h"
#include "serving/model_loader.h"
#include "serving/page_token.h"
#include "serving/recommender.h"
#include "serving/snapshot_publisher.h"
#include "tests/bench/workloads.h"
#include "usher/v1/recommendation.pb.h"

namespace usher {
namespace {

void OrExit(const absl::Status& status) {
  if (status.ok()) return;
  std::fprintf(stderr, "usher-bench list: %s\n",
               std::string(status.message()).c_str());
  std::exit(1);
}

// Equal messages give equal bytes, whatever the order of their maps.
std::string BytesOf(const v1::RecommendResponse& response) {
  std::string bytes;
  {
    google::protobuf::io::StringOutputStream stream(&bytes);
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    response.SerializeToCodedStream(&coded);
  }
  return bytes;
}

double Microseconds(int64_t nanoseconds, size_t lists) {
  return static_cast<double>(nanoseconds) / 1e3 / static_cast<double>(lists);
}

std::vector<v1::RecommendRequest> Requests(const Catalog& catalog, Micros now) {
  std::vector<v1::RecommendRequest> requests(catalog.num_users());
  for (size_t row = 0; row < requests.size(); ++row) {
    requests[row].set_user_id(
        std::string(catalog.UserId(UserRow{static_cast<int32_t>(row)})));
    requests[row].set_detail(v1::REASONS);
    requests[row].mutable_context()->mutable_now()->set_seconds(now / kSecond);
  }
  return requests;
}

}  // namespace

int ListWorkload(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr,
                 "usage: usher-bench list MODEL_DIR NOW [LISTS] [POLICY]\n");
    return 2;
  }
  const Micros now = std::atoll(argv[2]) * kSecond;
  const size_t lists = argc > 3 ? std::strtoul(argv[3], nullptr, 10) : 20'000;
  const auto state = StateStore::Open(StateStore::kMemory);
  OrExit(state.status());
  SnapshotHolder holder;
  SnapshotPublisher publisher(**state, holder, {});
  FakeClock clock(now);
  const std::string ranking = argc > 4 ? argv[4] : "";
  ModelLoader loader({argv[1], ranking, 0}, publisher, clock);
  OrExit(loader.Reload().status());
  ListMetrics metrics;
  const Recommender recommender(holder, 1, Experiments::None(), &metrics);
  const PageTokenCodec pages("key");
  const std::vector<v1::RecommendRequest> requests =
      Requests(holder.Get()->snapshot().catalog, now);

  uint64_t hash = 0;
  size_t bytes = 0;
  int64_t request_time = 0, recommend_time = 0, response_time = 0;
  for (size_t n = 0; n < lists; ++n) {
    const v1::RecommendRequest& request = requests[n % requests.size()];
    const int64_t begun = SteadyNanoseconds();
    const auto query = FromProto(request, now);
    OrExit(query.status());
    PageToken token{now, ListHash(request), 0, {}};
    const int64_t asked = SteadyNanoseconds();
    auto answer = recommender.Recommend(*query);
    OrExit(answer.status());
    const int64_t answered = SteadyNanoseconds();
    answer->recommendation_id.clear();
    v1::RecommendResponse response;
    ToProto(*answer, request, &response);
    token.shown += response.results_size();
    token.events = std::move(answer->to_come);
    response.set_next_page_token(pages.Encode(token));
    const std::string text = BytesOf(response);
    const int64_t ended = SteadyNanoseconds();
    request_time += asked - begun;
    recommend_time += answered - asked;
    response_time += ended - answered;
    bytes += text.size();
    hash = Hash64(text, hash);
  }
  for (int i = 0; i < kNumStages; ++i) {
    const LatencyHistogram::Totals totals = metrics.stages[i].histogram.Get();
    std::printf("  %-12s %8.1f us\n",
                std::string(StageName(static_cast<Stage>(i))).c_str(),
                Microseconds(totals.nanoseconds, lists));
  }
  std::printf(
      "request %.1f us, recommend %.1f us, response %.1f us, %zu bytes\n"
      "%zu lists, %.0f/s, hash %016llx\n",
      Microseconds(request_time, lists), Microseconds(recommend_time, lists),
      Microseconds(response_time, lists), bytes / lists, lists,
      1e6 / Microseconds(request_time + recommend_time + response_time, lists),
      static_cast<unsigned long long>(hash));
  return 0;
}

}  // namespace usher
