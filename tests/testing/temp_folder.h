// A folder of small files for one test.
#ifndef USHER_TESTS_TESTING_TEMP_FOLDER_H_
#define USHER_TESTS_TESTING_TEMP_FOLDER_H_

#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "gtest/gtest.h"

namespace usher {

// Made empty, and removed with what it holds.
class TempFolder {
 public:
  TempFolder() {
    std::string name = absl::StrCat(testing::TempDir(), "/usher-testXXXXXX");
    path_ = mkdtemp(name.data());
  }
  ~TempFolder() { std::filesystem::remove_all(path_); }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;

  std::string Path(absl::string_view name) const {
    return absl::StrCat(path_, "/", name);
  }
  // The path of the file, new or replaced.
  std::string Write(absl::string_view name, absl::string_view content) const {
    std::ofstream(Path(name), std::ios::binary)
        .write(content.data(), static_cast<std::streamsize>(content.size()));
    return Path(name);
  }

 private:
  std::string path_;
};

}  // namespace usher

#endif  // USHER_TESTS_TESTING_TEMP_FOLDER_H_
