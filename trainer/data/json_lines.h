// The objects of a JSON Lines file, and their fields with the types they must
// have. For the .cc files of this folder: it brings in simdjson.
#ifndef USHER_TRAINER_DATA_JSON_LINES_H_
#define USHER_TRAINER_DATA_JSON_LINES_H_

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "index/base/clock.h"
#include "index/catalog/geo.h"
#include "simdjson.h"
#include "trainer/data/read_report.h"

namespace usher {

// What is wrong with a line; empty when nothing is.
using Problem = std::string;

// Calls `object` for each line of the file that holds a JSON object, in order.
// What `object` returns is noted as a bad line. Fills all of `report` but
// duplicates. Errors: those of LineReader, too many bad lines.
absl::Status ReadJsonLines(
    const std::string& path, const ReadOptions& options,
    absl::FunctionRef<Problem(const simdjson::dom::object&, int64_t line)>
        object,
    ReadReport* report);

// Each Take reads the value of field `name` into its last argument and says
// what is wrong with it. JSON's null means absent: the argument is not touched.
using JsonValue = simdjson::dom::element;
Problem TakeText(absl::string_view name, const JsonValue& value,
                 std::string& text);
Problem TakeId(absl::string_view name, const JsonValue& value,
               std::string& text);
Problem TakeTexts(absl::string_view name, const JsonValue& value,
                  std::vector<std::string>& texts);
Problem TakeNumber(absl::string_view name, const JsonValue& value,
                   double& number);
Problem TakeFloats(absl::string_view name, const JsonValue& value,
                   std::vector<float>& numbers);
// A number of unix seconds, the same as text, or RFC 3339 text. Empty text
// means absent.
Problem TakeTime(absl::string_view name, const JsonValue& value, Micros& time);

// The two numbers of a place, as far as a line has them. NaN: absent.
struct Degrees {
  double latitude = std::numeric_limits<double>::quiet_NaN();
  double longitude = std::numeric_limits<double>::quiet_NaN();
};
Problem TakePlace(const Degrees& degrees, GeoPoint& place);

// Remembers which id stood on which line, so that a later line can replace an
// earlier one. Single-threaded.
class SeenIds {
 public:
  struct Earlier {
    size_t index;
    int64_t line;
  };
  // Where `id` was before, and from now on `line`; for a new id, it is noted
  // with `index` and the answer is `index` and line 0.
  Earlier Note(const std::string& id, size_t index, int64_t line);

 private:
  absl::flat_hash_map<std::string, Earlier> seen_;
};

Problem DuplicateId(absl::string_view id, int64_t earlier_line);

// Puts `record`, which stood on `line`, behind the others, or in the place of
// the earlier one with its id, which is a problem.
template <class Record>
Problem AddOrReplace(Record record, int64_t line, SeenIds& seen,
                     std::vector<Record>& records, ReadReport& report) {
  const SeenIds::Earlier earlier = seen.Note(record.id, records.size(), line);
  if (earlier.line == 0) {
    records.push_back(std::move(record));
    ++report.rows;
    return "";
  }
  Problem problem = DuplicateId(record.id, earlier.line);
  records[earlier.index] = std::move(record);
  ++report.duplicates;
  return problem;
}

}  // namespace usher

#endif  // USHER_TRAINER_DATA_JSON_LINES_H_
