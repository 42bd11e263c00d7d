#include "serving/usherctl/rules_file.h"

#include <fstream>
#include <sstream>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/io/tokenizer.h"
#include "google/protobuf/text_format.h"
#include "google/protobuf/util/json_util.h"
#include "usher/v1/recommendation.pb.h"

namespace usher::ctl {
namespace {

using google::protobuf::Message;

// Keeps the first complaint, with its place.
class FirstError final : public google::protobuf::io::ErrorCollector {
 public:
  void AddError(int line, int column, const std::string& message) override {
    if (text_.empty()) {
      text_ = absl::StrCat(line + 1, ":", column + 1, ": ", message);
    }
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

absl::Status WrongRules(absl::string_view path, absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat(path, ": ", what));
}

absl::Status ParseRulesText(absl::string_view path, const std::string& text,
                            v1::RecommendRequest& into) {
  google::protobuf::TextFormat::Parser parser;
  FirstError error;
  parser.RecordErrorsTo(&error);
  if (parser.ParseFromString(text, &into)) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(path, ":", error.text()));
}

absl::Status ParseRulesJson(absl::string_view path, const std::string& text,
                            v1::RecommendRequest& into) {
  const auto status = google::protobuf::util::JsonStringToMessage(text, &into);
  if (status.ok()) return absl::OkStatus();
  return WrongRules(path, absl::string_view(status.message().data(),
                                            status.message().size()));
}

absl::Status ParseRules(absl::string_view path, const std::string& text,
                        v1::RecommendRequest& into) {
  const absl::string_view begin = absl::StripLeadingAsciiWhitespace(text);
  if (absl::StartsWith(begin, "{")) return ParseRulesJson(path, text, into);
  if (absl::StartsWith(begin, "[")) {
    return ParseRulesJson(path, absl::StrCat("{\"rules\":", text, "}"), into);
  }
  return ParseRulesText(path, text, into);
}

}  // namespace

absl::Status SetRules(absl::string_view path, Extras&, Message& request) {
  std::ifstream file{std::string(path)};
  std::ostringstream text;
  text << file.rdbuf();
  if (!file || text.str().empty()) {
    return WrongRules(path, "is no file that can be read, or is empty");
  }
  v1::RecommendRequest read;
  const absl::Status status = ParseRules(path, text.str(), read);
  if (!status.ok()) return status;
  v1::RecommendRequest others = read;
  others.clear_rules();
  if (others.ByteSizeLong() > 0) {
    return WrongRules(path, absl::StrCat("holds more than rules: ",
                                         others.ShortDebugString()));
  }
  const google::protobuf::Reflection& reflection = *request.GetReflection();
  const google::protobuf::FieldDescriptor* const field =
      request.GetDescriptor()->FindFieldByName("rules");
  for (const v1::Rule& rule : read.rules()) {
    reflection.AddMessage(&request, field)->CopyFrom(rule);
  }
  return absl::OkStatus();
}

}  // namespace usher::ctl
