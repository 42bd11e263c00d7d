// Lists as JSON Lines, for programs that score them on their own.
#ifndef USHER_TRAINER_EVALUATION_ANSWERS_FILE_H_
#define USHER_TRAINER_EVALUATION_ANSWERS_FILE_H_

#include <fstream>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "trainer/evaluation/replay.h"

namespace usher {

// Lines {"n": NUMBER, "events": [ID, ...]}, a query each. Single-threaded.
class AnswersFile {
 public:
  // The file is replaced.
  explicit AnswersFile(const std::string& path);

  void Add(const ReplayQuery& query, const std::vector<std::string>& list);
  // Internal when anything could not be written. Nothing may follow.
  absl::Status Finish();

 private:
  const std::string path_;
  std::ofstream file_;
};

}  // namespace usher

#endif  // USHER_TRAINER_EVALUATION_ANSWERS_FILE_H_
