#include "index/vector/hnsw_graph.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "index/base/status_macros.h"

namespace usher {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr int kMaxM = 1024;

bool IsWorse(const ScoredRow& a, const ScoredRow& b) { return IsBetter(b, a); }

absl::Status BrokenGraph(absl::string_view what) {
  return absl::DataLossError(absl::StrCat("hnsw graph: ", what));
}

size_t UpperSize(const HnswEdges& edges) {
  size_t levels = 0;
  for (const uint8_t l : edges.levels) levels += l - (l > 0 ? 1 : 0);
  return levels * static_cast<size_t>(edges.m);
}

// Every edge of one list ends at a row that has the list's level.
bool LeadSomewhere(absl::Span<const int32_t> list, int level,
                   absl::Span<const uint8_t> levels) {
  return std::all_of(list.begin(), list.end(), [&](int32_t to) {
    return to == -1 || (to >= 0 && static_cast<size_t>(to) < levels.size() &&
                        levels[static_cast<size_t>(to)] > level);
  });
}

absl::Status Check(const HnswEdges& edges) {
  const size_t rows = edges.levels.size();
  if (edges.m < 1 || edges.m > kMaxM) return BrokenGraph("m is out of range");
  const size_t m = static_cast<size_t>(edges.m);
  if (rows == 0) return BrokenGraph("no rows");
  if (edges.entry < 0 || static_cast<size_t>(edges.entry) >= rows) {
    return BrokenGraph("the entry is not a row");
  }
  const auto [low, high] =
      std::minmax_element(edges.levels.begin(), edges.levels.end());
  if (*low == 0) return BrokenGraph("a row has no level");
  if (edges.levels[static_cast<size_t>(edges.entry)] != *high) {
    return BrokenGraph("the entry is not on the highest level");
  }
  if (edges.base.size() != rows * 2 * m ||
      edges.upper.size() != UpperSize(edges)) {
    return BrokenGraph("the number of edges is wrong");
  }
  bool sound = LeadSomewhere(edges.base, 0, edges.levels);
  const int32_t* list = edges.upper.data();
  for (const uint8_t top : edges.levels) {
    for (int level = 1; level < top; ++level, list += m) {
      sound = sound && LeadSomewhere({list, m}, level, edges.levels);
    }
  }
  return sound ? absl::OkStatus() : BrokenGraph("an edge leads nowhere");
}

}  // namespace

// One search. Candidates are a heap whose top is the best row not yet walked
// from; results are a heap whose top is the worst row kept.
class HnswGraph::Walk {
 public:
  Walk(const HnswGraph& graph, absl::Span<const float> query, size_t wanted,
       const RowBitmap* allowed, const Factors& vectors,
       const ScanKernels& kernels, Visited& visited)
      : graph_(graph),
        query_(query),
        wanted_(wanted),
        allowed_(allowed),
        vectors_(vectors),
        kernels_(kernels),
        visited_(visited),
        scores_(2 * static_cast<size_t>(graph.edges_.m)) {}

  std::vector<ScoredRow> Run() {
    ScoredRow start = Descend();
    MarkNew(start.row);
    Reach(start);
    while (!candidates_.empty()) {
      std::pop_heap(candidates_.begin(), candidates_.end(), IsWorse);
      const ScoredRow from = candidates_.back();
      candidates_.pop_back();
      if (from.score < WorstKept()) break;
      Expand(from.row);
    }
    std::sort(results_.begin(), results_.end(), IsBetter);
    return std::move(results_);
  }

 private:
  ScoredRow Descend() {
    ScoredRow best{graph_.edges_.entry, -kInfinity};
    kernels_.dot_gather(query_.data(), vectors_.data(), vectors_.dim(),
                        &best.row, 1, &best.score);
    const size_t entry = static_cast<size_t>(best.row);
    for (int level = graph_.edges_.levels[entry] - 1; level > 0; --level) {
      while (Improve(level, best)) {
      }
    }
    return best;
  }

  bool Improve(int level, ScoredRow& best) {
    rows_.clear();
    for (const int32_t row : graph_.Neighbours(best.row, level)) {
      if (row >= 0) rows_.push_back(row);
    }
    ScoreRows();
    const int32_t before = best.row;
    for (size_t i = 0; i < rows_.size(); ++i) {
      if (scores_[i] > best.score) best = {rows_[i], scores_[i]};
    }
    return best.row != before;
  }

  void Expand(int32_t from) {
    rows_.clear();
    for (const int32_t row : graph_.Neighbours(from, 0)) {
      if (row >= 0 && MarkNew(row)) rows_.push_back(row);
    }
    ScoreRows();
    for (size_t i = 0; i < rows_.size(); ++i) Reach({rows_[i], scores_[i]});
  }

  void Reach(ScoredRow reached) {
    if (!(reached.score > WorstKept())) return;
    candidates_.push_back(reached);
    std::push_heap(candidates_.begin(), candidates_.end(), IsWorse);
    const size_t row = static_cast<size_t>(reached.row);
    if (allowed_ != nullptr && !allowed_->Test(row)) return;
    results_.push_back(reached);
    std::push_heap(results_.begin(), results_.end(), IsBetter);
    if (results_.size() <= wanted_) return;
    std::pop_heap(results_.begin(), results_.end(), IsBetter);
    results_.pop_back();
  }

  void ScoreRows() {
    kernels_.dot_gather(query_.data(), vectors_.data(), vectors_.dim(),
                        rows_.data(), rows_.size(), scores_.data());
  }

  bool MarkNew(int32_t row) {
    uint16_t& stamp = visited_.stamps[static_cast<size_t>(row)];
    if (stamp == visited_.stamp) return false;
    stamp = visited_.stamp;
    return true;
  }

  float WorstKept() const {
    return results_.size() < wanted_ ? -kInfinity : results_.front().score;
  }

  const HnswGraph& graph_;
  absl::Span<const float> query_;
  const size_t wanted_;
  const RowBitmap* allowed_;
  const Factors& vectors_;
  const ScanKernels& kernels_;
  Visited& visited_;
  std::vector<ScoredRow> candidates_;
  std::vector<ScoredRow> results_;
  std::vector<int32_t> rows_;
  std::vector<float> scores_;
};

absl::StatusOr<std::unique_ptr<HnswGraph>> HnswGraph::Create(HnswEdges edges) {
  RETURN_IF_ERROR(Check(edges));
  return std::unique_ptr<HnswGraph>(new HnswGraph(std::move(edges)));
}

HnswGraph::HnswGraph(HnswEdges edges) : edges_(std::move(edges)) {
  size_t begin = 0;
  upper_begin_.reserve(rows());
  for (const uint8_t levels : edges_.levels) {
    upper_begin_.push_back(begin);
    begin += static_cast<size_t>(levels - 1) * static_cast<size_t>(edges_.m);
  }
}

std::vector<ScoredRow> HnswGraph::Search(absl::Span<const float> query,
                                         size_t wanted,
                                         const RowBitmap* allowed,
                                         const Factors& vectors,
                                         const ScanKernels& kernels) const {
  if (wanted == 0) return {};
  std::unique_ptr<Visited> visited = BorrowVisited();
  Walk walk(*this, query, wanted, allowed, vectors, kernels, *visited);
  std::vector<ScoredRow> found = walk.Run();
  ReturnVisited(std::move(visited));
  return found;
}

absl::Span<const int32_t> HnswGraph::Neighbours(int32_t row, int level) const {
  const size_t m = static_cast<size_t>(edges_.m);
  const size_t r = static_cast<size_t>(row);
  if (level == 0) return {edges_.base.data() + r * 2 * m, 2 * m};
  const size_t begin = upper_begin_[r] + static_cast<size_t>(level - 1) * m;
  return {edges_.upper.data() + begin, m};
}

std::unique_ptr<HnswGraph::Visited> HnswGraph::BorrowVisited() const {
  std::unique_ptr<Visited> visited;
  {
    absl::MutexLock lock(&mu_);
    if (!idle_.empty()) {
      visited = std::move(idle_.back());
      idle_.pop_back();
    }
  }
  if (visited == nullptr) {
    visited = std::make_unique<Visited>();
    visited->stamps.resize(rows());
  }
  if (++visited->stamp == 0) {
    std::fill(visited->stamps.begin(), visited->stamps.end(), 0);
    visited->stamp = 1;
  }
  return visited;
}

void HnswGraph::ReturnVisited(std::unique_ptr<Visited> visited) const {
  absl::MutexLock lock(&mu_);
  idle_.push_back(std::move(visited));
}

std::string HnswGraph::Encode() const {
  const int32_t head[2] = {edges_.m, edges_.entry};
  const auto bytes = [](const auto& v) {
    return absl::string_view(reinterpret_cast<const char*>(v.data()),
                             v.size() * sizeof(v[0]));
  };
  return absl::StrCat(
      absl::string_view(reinterpret_cast<const char*>(head), sizeof(head)),
      bytes(edges_.levels), bytes(edges_.base), bytes(edges_.upper));
}

absl::StatusOr<std::unique_ptr<HnswGraph>> HnswGraph::Decode(
    absl::string_view bytes, size_t rows) {
  int32_t head[2];
  HnswEdges edges;
  if (bytes.size() < sizeof(head) + rows) return BrokenGraph("cut short");
  std::memcpy(head, bytes.data(), sizeof(head));
  bytes.remove_prefix(sizeof(head));
  edges.m = head[0];
  edges.entry = head[1];
  if (edges.m < 1 || edges.m > kMaxM) return BrokenGraph("m is out of range");
  edges.levels.assign(bytes.begin(), bytes.begin() + rows);
  bytes.remove_prefix(rows);
  const size_t base = rows * 2 * static_cast<size_t>(edges.m);
  const size_t upper = UpperSize(edges);
  if (bytes.size() != (base + upper) * sizeof(int32_t)) {
    return BrokenGraph("the number of edges is wrong");
  }
  edges.base.resize(base);
  edges.upper.resize(upper);
  if (base > 0) std::memcpy(edges.base.data(), bytes.data(), base * 4);
  if (upper > 0) {
    std::memcpy(edges.upper.data(), bytes.data() + base * 4, upper * 4);
  }
  return Create(std::move(edges));
}

}  // namespace usher
