// Calls, as bytes on the wire: whatever they say, an answer that keeps its
// promises or INVALID_ARGUMENT. The first byte chooses the method.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"
#include "google/protobuf/stubs/logging.h"
#include "index/catalog/eligibility.h"
#include "serving/apply_write.h"
#include "serving/convert_requests.h"
#include "serving/convert_responses.h"
#include "serving/convert_writes.h"
#include "serving/recommender.h"
#include "tests/testing/tiny_city.h"

namespace usher {
namespace {

void Expect(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "request_fuzzer: %s\n", what);
  std::abort();
}

// A refusal says what is wrong; nothing else may go wrong here.
void ExpectRefusal(const absl::Status& status) {
  Expect(absl::IsInvalidArgument(status) || absl::IsNotFound(status),
         std::string(status.message()).c_str());
  Expect(!status.message().empty(), "an error without words");
}

// A tiny city that is served and written to; without threads.
class City {
 public:
  City() { Publish(); }

  const Recommender& recommender() const { return recommender_; }

  template <class Write>
  void Apply(const absl::StatusOr<Write>& write) {
    if (!write.ok()) return ExpectRefusal(write.status());
    Expect(state_->Begin().ok(), "no transaction");
    const StateWrite value = *write;
    const StateWrite* const pointer = &value;
    InteractionRecorder recorder(snapshot_);
    std::vector<WriteReceipt> receipts;
    const absl::Status applied =
        ApplyWrites({&pointer, 1}, {}, *state_, snapshot_, recorder, receipts);
    Expect(applied.ok(), std::string(applied.message()).c_str());
    recorder.Wait();
    Expect(state_->Commit().ok(), "no commit");
    Publish();
  }

 private:
  void Publish() {
    holder_.Publish(std::make_shared<const Served>(snapshot_.Share(),
                                                   RankingPolicy(), columns_));
    holder_.Reclaim();
  }

  std::unique_ptr<StateStore> state_ =
      StateStore::Open(StateStore::kMemory).value();
  Snapshot snapshot_ = TinySnapshot(TinyCatalog());
  std::shared_ptr<const LiveColumnsCache> columns_ =
      std::make_shared<const LiveColumnsCache>(4, 0);
  SnapshotHolder holder_;
  const Recommender recommender_{holder_, 1};
};

void Check(const Query& query, const Recommendations& answer) {
  const Snapshot& snapshot = answer.served->snapshot();
  Expect(answer.ranking.results.size() <= static_cast<size_t>(query.limit),
         "more than were asked for");
  std::set<EventRow> seen;
  for (const RankedEvent& result : answer.ranking.results) {
    Expect(seen.insert(result.event).second, "an event twice");
    Expect(std::isfinite(result.score), "a score that is no number");
    Expect(WhyNotLive(snapshot.catalog.events.columns[Index(result.event)],
                      query.now,
                      {query.filter.include_running, 0}) == DropReason::kNone,
           "a dead event");
  }
}

void Recommend(const City& city, const v1::RecommendRequest& request) {
  const absl::StatusOr<Query> query = FromProto(request, kTinyNow);
  ListHash(request);
  if (!query.ok()) return ExpectRefusal(query.status());
  const auto answer = city.recommender().Recommend(*query);
  if (!answer.ok()) return ExpectRefusal(answer.status());
  Check(*query, *answer);
  Expect(city.recommender().ineligible() == 0,
         "a dead event was found at the very end");
  v1::RecommendResponse response;
  ToProto(*answer, request, &response);
  const auto next = city.recommender().NextPage(
      *query, PageToken{query->now, 0,
                        static_cast<int32_t>(answer->ranking.results.size()),
                        answer->to_come});
  Expect(next.ok(), "no next page");
  Check(*query, *next);
}

template <class Request>
bool Parse(absl::string_view bytes, Request* request) {
  return request->ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
}

// Runs `use` on what the request asks.
template <class Request, class Use>
void Ask(absl::string_view bytes, const Use& use) {
  Request request;
  if (!Parse(bytes, &request)) return;
  const auto call = FromProto(request, kTinyNow);
  if (!call.ok()) return ExpectRefusal(call.status());
  const auto answer = use(*call);
  if (!answer.ok()) ExpectRefusal(answer.status());
}

void Write(City& city, int method, absl::string_view bytes) {
  if (method == 0) {
    v1::UpsertEventsRequest request;
    if (Parse(bytes, &request)) city.Apply(FromProto(request));
  } else if (method == 1) {
    v1::UpsertUsersRequest request;
    if (Parse(bytes, &request)) city.Apply(FromProto(request));
  } else if (method == 2) {
    v1::DeleteEventsRequest request;
    if (Parse(bytes, &request)) city.Apply(FromProto(request));
  } else {
    v1::RecordInteractionsRequest request;
    if (!Parse(bytes, &request)) return;
    city.Apply(FromProto(request.interactions(), kTinyNow));
  }
}

void Call(City& city, int method, absl::string_view bytes) {
  const Recommender& recommender = city.recommender();
  switch (method) {
    case 0: {
      v1::RecommendRequest request;
      if (Parse(bytes, &request)) Recommend(city, request);
      return;
    }
    case 1: {
      v1::RecommendStreamRequest request;
      if (!Parse(bytes, &request)) return;
      const auto each = ForEachUser(request);
      if (each.ok()) return Recommend(city, *each);
      return ExpectRefusal(each.status());
    }
    case 2:
      return Ask<v1::SimilarEventsRequest>(
          bytes, [&](const SimilarEventsCall& call) {
            return recommender.SimilarEventsTo(call.event_id, call.query);
          });
    case 3:
      return Ask<v1::ExplainRequest>(bytes, [&](const ExplainCall& call) {
        return recommender.Explain(call.event_id, call.query);
      });
    case 4:
      return Ask<v1::FindAudienceRequest>(
          bytes, [&](const FindAudienceCall& call) {
            return recommender.AudienceOf(call.event_id, call.limit,
                                          call.include_interacted, call.now);
          });
    default:
      return Write(city, method - 5, bytes);
  }
}

}  // namespace
}  // namespace usher

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  // What is written stays for a while, so that questions meet it.
  constexpr int kCallsACity = 1000;
  static std::unique_ptr<usher::City> city;
  static int calls = 0;
  if (city == nullptr || ++calls % kCallsACity == 0) {
    city = std::make_unique<usher::City>();
  }
  // It would print a line for each text that is not UTF-8.
  if (calls == 0) google::protobuf::SetLogHandler(nullptr);
  if (size == 0) return 0;
  usher::Call(*city, static_cast<uint8_t>(data[0] - '0') % 9,
              {reinterpret_cast<const char*>(data) + 1, size - 1});
  return 0;
}
