#include "trainer/data/synth.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "index/base/status_macros.h"
#include "trainer/data/synth_city.h"
#include "trainer/data/synth_history.h"
#include "trainer/data/synth_words.h"

namespace usher {
namespace {

constexpr size_t kWriteBlock = size_t{1} << 20;
constexpr int64_t kSynthLinesPerProgress = 1 << 14;

// A text file that is written line by line, with its progress.
class LineWriter {
 public:
  LineWriter(std::string path, absl::string_view name, int64_t total,
             const SynthProgress& progress)
      : path_(std::move(path)),
        name_(name),
        total_(total),
        progress_(progress),
        file_(std::fopen(path_.c_str(), "wb")) {
    buffer_.reserve(kWriteBlock + 4096);
  }
  ~LineWriter() {
    if (file_ != nullptr) std::fclose(file_);
  }
  LineWriter(const LineWriter&) = delete;
  LineWriter& operator=(const LineWriter&) = delete;

  // The line is appended here, with its end.
  std::string& buffer() { return buffer_; }
  void EndLine() {
    buffer_.push_back('\n');
    if (buffer_.size() >= kWriteBlock) Flush();
    if (++lines_ % kSynthLinesPerProgress == 0) Report();
  }

  absl::Status Close() {
    Flush();
    if (file_ != nullptr) failed_ |= std::fclose(std::exchange(file_, nullptr));
    if (failed_) return absl::InternalError(path_ + ": cannot be written");
    Report();
    return absl::OkStatus();
  }

 private:
  void Flush() {
    failed_ |=
        file_ == nullptr ||
        std::fwrite(buffer_.data(), 1, buffer_.size(), file_) != buffer_.size();
    buffer_.clear();
  }
  void Report() const {
    if (progress_) progress_(name_, lines_, total_);
  }

  std::string path_;
  absl::string_view name_;
  int64_t total_;
  const SynthProgress& progress_;
  std::FILE* file_;
  std::string buffer_;
  int64_t lines_ = 0;
  bool failed_ = false;
};

std::string EventId(int64_t i) { return absl::StrFormat("e%06d", i + 1); }
std::string UserId(int64_t i) { return absl::StrFormat("u%06d", i + 1); }
std::string OrganizerId(int64_t i) { return absl::StrFormat("g%05d", i + 1); }
int64_t Seconds(Micros time) { return time / kSecond; }

// "14 Mar", local.
std::string DateOf(Micros time) {
  return absl::FormatTime("%d %b", absl::FromUnixMicros(time),
                          absl::FixedTimeZone(kSynthUtcOffsetHours * 3600));
}

std::string TitleOf(const SynthCity& city, const SynthEvent& event,
                    Random& random) {
  const SynthOrganizer& organizer = city.organizers[event.organizer];
  if (event.series >= 0) {
    return absl::StrCat(organizer.series[event.series], " - ",
                        DateOf(event.start));
  }
  const SynthTopic& topic = SynthTopics()[event.topic];
  const absl::string_view kind = PickWord(topic.kinds, random);
  const absl::string_view format = PickWord(SynthFormats(), random);
  return absl::StrCat(city.venues[event.venue].name, " ", kind, " ", format);
}

std::string DescriptionOf(const SynthCity& city, const SynthEvent& event,
                          Random& random) {
  constexpr absl::string_view kOpenings[] = {"Join", "Come along with", "Meet",
                                             "Spend some time with"};
  constexpr absl::string_view kEndings[] = {
      "Newcomers are welcome.", "Bring a friend.", "No experience is needed.",
      "Doors open half an hour before.", "We stay for a chat afterwards."};
  const SynthTopic& topic = SynthTopics()[event.topic];
  const size_t from = random.Below(topic.words.size());
  const auto word = [&](size_t i) {
    return topic.words[(from + i) % topic.words.size()];
  };
  const absl::string_view opening = PickWord(kOpenings, random);
  const absl::string_view ending = PickWord(kEndings, random);
  return absl::StrCat(opening, " ", city.organizers[event.organizer].name,
                      " at ", city.venues[event.venue].name, " for ", word(0),
                      ", ", word(1), " and ", word(3), ". ", ending);
}

EventStatus StatusOf(const SynthEvent& event) {
  const bool full = event.yes >= event.capacity;
  return full && event.status == EventStatus::kScheduled ? EventStatus::kSoldOut
                                                         : event.status;
}

// No word of the city needs an escape.
void AppendEvent(const SynthCity& city, int64_t index, std::string& out) {
  const SynthEvent& event = city.events[index];
  const SynthTopic& topic = SynthTopics()[event.topic];
  const SynthVenue& venue = city.venues[event.venue];
  Random random(event.words);
  const std::string title = TitleOf(city, event, random);
  const std::string description = DescriptionOf(city, event, random);
  const size_t tag = random.Below(topic.tags.size());
  absl::StrAppend(&out, "{\"id\":\"", EventId(index), "\",\"title\":\"", title,
                  "\",\"description\":\"", description, "\",\"tags\":[\"",
                  topic.tags[tag], "\",\"",
                  topic.tags[(tag + 1) % topic.tags.size()],
                  "\"],\"category\":\"", topic.category);
  absl::StrAppend(&out, "\",\"organizer\":\"", OrganizerId(event.organizer),
                  "\",\"organizer_name\":\"",
                  city.organizers[event.organizer].name, "\",\"venue\":\"",
                  venue.name, "\",\"city\":\"", kSynthCity, "\"");
  absl::StrAppendFormat(&out, ",\"latitude\":%.5f,\"longitude\":%.5f",
                        venue.place.latitude, venue.place.longitude);
  absl::StrAppend(&out, ",\"start_time\":", Seconds(event.start),
                  ",\"end_time\":", Seconds(event.end),
                  ",\"announce_time\":", Seconds(event.announce));
  absl::StrAppendFormat(&out, ",\"price\":%.2f", event.price);
  absl::StrAppend(&out, ",\"currency\":\"EUR\",\"capacity\":", event.capacity,
                  ",\"status\":\"", EventStatusName(StatusOf(event)),
                  "\",\"time_zone\":\"", kSynthTimeZone, "\"}");
}

void AppendGroups(const SynthPerson& person, std::string& out) {
  absl::string_view separator = "";
  for (const SynthTie& tie : person.ties) {
    if (tie.followed == kNoTime) continue;
    absl::StrAppend(&out, separator, "{\"id\":\"", OrganizerId(tie.organizer),
                    "\",\"joined\":", Seconds(tie.followed), "}");
    separator = ",";
  }
}

void AppendUser(const SynthCity& city, int64_t index, std::string& out) {
  constexpr absl::string_view kDegrees[] = {"none", "school", "bachelor",
                                            "master", "doctorate"};
  constexpr absl::string_view kTypes[] = {"student", "employee", "freelancer",
                                          "retired"};
  const SynthPerson& person = city.people[index];
  absl::StrAppend(&out, "{\"id\":\"", UserId(index), "\"");
  absl::StrAppendFormat(&out, ",\"latitude\":%.4f,\"longitude\":%.4f",
                        person.home.latitude, person.home.longitude);
  const SynthTopic& topic = SynthTopics()[person.topics[0]];
  absl::StrAppend(&out, ",\"city\":\"", kSynthCity, "\",\"tags\":[\"",
                  topic.tags[index % topic.tags.size()], "\"],\"groups\":[");
  AppendGroups(person, out);
  absl::StrAppend(&out, "],\"joined_time\":", Seconds(person.joined),
                  ",\"degree\":\"", kDegrees[person.degree],
                  "\",\"user_type\":\"", kTypes[person.type],
                  "\",\"birth_year\":", person.birth_year, "}");
}

// Where the person was, for one act in four of those with a telephone.
void AppendAct(const SynthCity& city, const SynthAct& act, std::string& out) {
  constexpr absl::string_view kDevices[] = {"web", "ios", "android"};
  const SynthPerson& person = city.people[act.person];
  absl::StrAppend(&out, UserId(act.person), ",", EventId(act.event), ",",
                  InteractionKindName(act.kind), ",");
  if (!std::isnan(act.value)) absl::StrAppend(&out, act.value);
  absl::StrAppend(&out, ",", Seconds(act.time), ",", kDevices[person.device],
                  ",");
  if (person.device > 0 && Mix64(act.time ^ act.person) % 4 == 0) {
    absl::StrAppendFormat(&out, "%.3f,%.3f", person.home.latitude,
                          person.home.longitude);
  } else {
    out.push_back(',');
  }
}

absl::Status CheckOptions(const SynthOptions& options) {
  if (options.users < kMinSyntheticUsers ||
      options.events < kMinSyntheticEvents || options.interactions < 0 ||
      std::max({options.users, options.events, options.interactions}) >
          kMaxSyntheticRows) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "a synthetic city of %d users, %d events and %d interactions cannot be "
        "made: it needs at least %d users and %d events, and at most %d of "
        "each",
        options.users, options.events, options.interactions, kMinSyntheticUsers,
        kMinSyntheticEvents, kMaxSyntheticRows));
  }
  return absl::OkStatus();
}

absl::Status WriteInteractions(const std::string& dir,
                               const SynthOptions& options, SynthCity& city,
                               const SynthProgress& progress) {
  constexpr absl::string_view kName = "interactions.csv";
  LineWriter file(absl::StrCat(dir, "/", kName), kName, options.interactions,
                  progress);
  file.buffer() =
      "user_id,event_id,kind,value,timestamp,device,latitude,longitude\n";
  RETURN_IF_ERROR(LiveSynthHistory(options, city, [&](const SynthAct& act) {
    AppendAct(city, act, file.buffer());
    file.EndLine();
  }));
  return file.Close();
}

using AppendLine = void (*)(const SynthCity& city, int64_t index,
                            std::string& out);
absl::Status WriteLines(const std::string& dir, absl::string_view name,
                        const SynthCity& city, size_t count, AppendLine append,
                        const SynthProgress& progress) {
  LineWriter file(absl::StrCat(dir, "/", name), name,
                  static_cast<int64_t>(count), progress);
  for (size_t i = 0; i < count; ++i) {
    append(city, static_cast<int64_t>(i), file.buffer());
    file.EndLine();
  }
  return file.Close();
}

}  // namespace

absl::Status WriteSyntheticCity(const std::string& dir,
                                const SynthOptions& options,
                                const SynthProgress& progress) {
  RETURN_IF_ERROR(CheckOptions(options));
  std::error_code error;
  std::filesystem::create_directories(dir, error);
  if (error) {
    return absl::InternalError(
        absl::StrCat(dir, ": cannot be made: ", error.message()));
  }
  SynthCity city = BuildSynthCity(options);
  // The other two files tell what came of it.
  RETURN_IF_ERROR(WriteInteractions(dir, options, city, progress));
  RETURN_IF_ERROR(WriteLines(dir, "events.jsonl", city, city.events.size(),
                             &AppendEvent, progress));
  return WriteLines(dir, "users.jsonl", city, city.people.size(), &AppendUser,
                    progress);
}

}  // namespace usher
