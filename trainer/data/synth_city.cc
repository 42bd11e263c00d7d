#include "trainer/data/synth_city.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "absl/strings/str_cat.h"
#include "trainer/data/synth_words.h"

namespace usher {
namespace {

// So that 15 % of all events start in the last kAnnounceDays.
constexpr double kGrowthPerDay = 0.0032;
constexpr int kAnnounceDays = 42;  // At most so long ahead, ...
constexpr int kNoticeDays = 7;     // and at least so long.
constexpr Micros kEnd = kSyntheticNow + kAnnounceDays * kDay;
constexpr double kKmPerDegree = 111.2;
// Shares of what is there from the beginning.
constexpr double kFirstOrganizers = 0.3;
constexpr double kFirstPeople = 0.3;
constexpr int64_t kEventsPerOrganizer = 25;
constexpr int64_t kOrganizersPerVenue = 3;

// Independent streams of one seed.
enum class Stream : uint64_t { kVenues = 1, kOrganizers, kEvents, kPeople };
Random StreamOf(uint64_t seed, Stream stream) {
  return Random(Mix64(Mix64(seed) ^ static_cast<uint64_t>(stream)));
}

// A district or a tree, then `what`.
std::string NameOf(absl::string_view district, absl::string_view what,
                   Random& random) {
  const absl::string_view tree = PickWord(SynthTrees(), random);
  return absl::StrCat(random.Below(2) == 0 ? district : tree, " ", what);
}

int PickTopic(Random& random) {
  return static_cast<int>(random.Below(SynthTopics().size()));
}

std::vector<SynthVenue> BuildVenues(int64_t count, Random random) {
  std::vector<SynthVenue> venues;
  for (int64_t i = 0; i < count; ++i) {
    SynthVenue& venue = venues.emplace_back();
    // Squared: the middle of the city has most of them.
    const double u = random.Uniform();
    venue.district = static_cast<int>(u * u * SynthDistricts().size());
    const SynthDistrict& district = SynthDistricts()[venue.district];
    const absl::string_view what = PickWord(SynthVenueWords(), random);
    venue.name = NameOf(district.name, what, random);
    venue.place = SynthNear(district.km_north, district.km_east, 0.6, random);
  }
  return venues;
}

void NameOrganizer(const SynthCity& city, SynthOrganizer& organizer,
                   Random& random) {
  const SynthVenue& venue = city.venues[organizer.venue];
  const absl::string_view district = SynthDistricts()[venue.district].name;
  const SynthTopic& topic = SynthTopics()[organizer.topics[0]];
  const absl::string_view kind = PickWord(topic.kinds, random);
  const absl::string_view group = PickWord(SynthGroupWords(), random);
  organizer.name = NameOf(district, absl::StrCat(kind, " ", group), random);
  for (std::string& series : organizer.series) {
    const absl::string_view of = PickWord(topic.kinds, random);
    const absl::string_view format = PickWord(SynthFormats(), random);
    series = absl::StrCat(district, " ", of, " ", format);
  }
}

std::vector<SynthOrganizer> BuildOrganizers(const SynthCity& city,
                                            int64_t count, Random random) {
  std::vector<SynthOrganizer> organizers;
  const auto first = static_cast<int64_t>(kFirstOrganizers * count) + 1;
  for (int64_t i = 0; i < count; ++i) {
    SynthOrganizer& organizer = organizers.emplace_back();
    // All topics are there from the beginning.
    organizer.topics = {
        static_cast<int>(i % static_cast<int64_t>(SynthTopics().size())),
        PickTopic(random)};
    organizer.venue = static_cast<int>(random.Below(city.venues.size()));
    organizer.weekday = static_cast<int>(random.Below(7));
    organizer.hour = SynthTopics()[organizer.topics[0]].hour +
                     static_cast<int>(random.Below(3)) - 1;
    organizer.weight = std::exp(random.Normal());
    organizer.quality = 0.4 * random.Normal();
    organizer.founded =
        i < first ? kSyntheticBegin - kAnnounceDays * kDay
                  : SynthGrowthTime(
                        static_cast<double>(i - first) / (count - first), kEnd);
    NameOrganizer(city, organizer, random);
  }
  return organizers;
}

// Makes the events of a city that has organizers.
class EventMaker {
 public:
  EventMaker(const SynthCity& city, const SynthOptions& options)
      : city_(city),
        random_(StreamOf(options.seed, Stream::kEvents)),
        usual_yes_(
            std::max(4.0, 0.35 * static_cast<double>(options.interactions) /
                              static_cast<double>(options.events))) {
    for (const SynthOrganizer& organizer : city.organizers) {
      weight_ += organizer.weight;
      cumulative_.push_back(weight_);
    }
  }

  SynthEvent Make(double share) {
    const Micros about = SynthGrowthTime(share, kEnd);
    SynthEvent event;
    event.organizer = PickOrganizer(about);
    const SynthOrganizer& organizer = city_.organizers[event.organizer];
    event.topic =
        static_cast<int16_t>(organizer.topics[random_.Uniform() < 0.2]);
    const double kind = random_.Uniform();
    event.series = kind < 0.5 ? 0 : kind < 0.75 ? 1 : -1;
    event.venue =
        random_.Uniform() < 0.8
            ? organizer.venue
            : static_cast<int32_t>(random_.Below(city_.venues.size()));
    event.words = static_cast<uint32_t>(random_.Next());
    Place(about, organizer, event);
    Announce(event);
    Sell(event);
    return event;
  }

 private:
  // By weight among those that are there, and by season.
  int32_t PickOrganizer(Micros time) {
    const auto born = std::upper_bound(
        city_.organizers.begin(), city_.organizers.end(), time,
        [](Micros t, const SynthOrganizer& o) { return t < o.founded; });
    const auto count = born - city_.organizers.begin();
    while (true) {
      const double at = random_.Uniform() * cumulative_[count - 1];
      const auto found =
          std::min<int64_t>(std::upper_bound(cumulative_.begin(),
                                             cumulative_.begin() + count, at) -
                                cumulative_.begin(),
                            count - 1);
      const int topic = city_.organizers[found].topics[0];
      if (2 * random_.Uniform() < SynthSeason(topic, time)) {
        return static_cast<int32_t>(found);
      }
    }
  }

  // On the organizer's weekday and hour, or now and then on another.
  void Place(Micros about, const SynthOrganizer& organizer, SynthEvent& event) {
    const bool usual = event.series >= 0 || random_.Uniform() < 0.4;
    const int weekday =
        usual ? (organizer.weekday + 2 * std::max<int>(event.series, 0)) % 7
              : static_cast<int>(random_.Below(7));
    const int shift = (weekday - SynthWeekday(about) + 10) % 7 - 3;
    const Micros local = about + kSynthUtcOffsetHours * kHour + shift * kDay;
    const Micros midnight = local - local % kDay;
    const Micros half = random_.Uniform() < 0.3 ? kHour / 2 : 0;
    event.start =
        midnight + organizer.hour * kHour + half - kSynthUtcOffsetHours * kHour;
    event.end = event.start + kHour + kHour / 2 * random_.Below(5);
  }

  void Announce(SynthEvent& event) {
    const double shortest = std::max<double>(
        kNoticeDays * kDay, event.start - kSyntheticNow + kHour);
    const double longest =
        std::max<double>(kAnnounceDays * kDay, shortest + kDay);
    const double u = random_.Uniform();
    const double lead = shortest + (longest - shortest) * u * u;
    const auto seconds = static_cast<Micros>(lead) / kSecond;
    event.announce = event.start - seconds * kSecond;
  }

  void Sell(SynthEvent& event) {
    const double usual = SynthTopics()[event.topic].price;
    if (usual > 0 && random_.Uniform() < 0.7) {
      event.price = static_cast<float>(
          std::round(2 * usual * std::exp(0.4 * random_.Normal())) / 2);
    }
    event.capacity = static_cast<int32_t>(
        std::ceil(usual_yes_ * std::exp(1.0 + 0.8 * random_.Normal())));
    const double fate = random_.Uniform();
    if (fate < 0.04) event.status = EventStatus::kCancelled;
    if (fate > 0.98) event.status = EventStatus::kSoldOut;
  }

  const SynthCity& city_;
  Random random_;
  double usual_yes_;
  double weight_ = 0;
  std::vector<double> cumulative_;
};

std::vector<SynthEvent> BuildEvents(const SynthCity& city,
                                    const SynthOptions& options) {
  EventMaker maker(city, options);
  std::vector<SynthEvent> events;
  events.reserve(options.events);
  for (int64_t i = 0; i < options.events; ++i) {
    events.push_back(maker.Make((i + 0.5) / options.events));
  }
  std::stable_sort(events.begin(), events.end(),
                   [](const SynthEvent& a, const SynthEvent& b) {
                     return a.announce < b.announce;
                   });
  return events;
}

// Organizers of the person's own topics, in the first days.
void FollowSome(const SynthCity& city, SynthPerson& person, Random& random) {
  const int wanted = static_cast<int>(random.Below(5));
  for (int i = 0; i < 8 * wanted; ++i) {
    if (static_cast<int>(person.ties.size()) == wanted) return;
    SynthTie tie;
    tie.organizer = static_cast<int32_t>(random.Below(city.organizers.size()));
    const SynthOrganizer& organizer = city.organizers[tie.organizer];
    tie.followed = person.joined + 60 * kSecond * random.Below(30000);
    const bool known = std::any_of(person.ties.begin(), person.ties.end(),
                                   [&](const SynthTie& other) {
                                     return other.organizer == tie.organizer;
                                   });
    if (known || organizer.founded > tie.followed ||
        tie.followed >= kSyntheticNow ||
        organizer.topics[0] != person.topics[random.Below(3)]) {
      continue;
    }
    person.ties.push_back(tie);
  }
}

SynthPerson MakePerson(Random& random) {
  SynthPerson person;
  person.district = static_cast<int8_t>(random.Below(SynthDistricts().size()));
  const SynthDistrict& district = SynthDistricts()[person.district];
  person.home = SynthNear(district.km_north, district.km_east, 1.2, random);
  float left = 1;
  for (size_t i = 0; i < person.topics.size(); ++i) {
    person.topics[i] = static_cast<int8_t>(PickTopic(random));
    person.taste[i] =
        i == 2 ? left
               : left * (0.5f + 0.4f * static_cast<float>(random.Uniform()));
    left -= person.taste[i];
  }
  const int hour = SynthTopics()[person.topics[0]].hour;
  person.weekday = static_cast<int8_t>(random.Below(7));
  person.hour = static_cast<int8_t>(hour + random.Below(3) - 1);
  person.device = static_cast<int8_t>(random.Below(3));
  person.degree = static_cast<int8_t>(random.Below(5));
  person.type = static_cast<int8_t>(random.Below(4));
  person.birth_year = static_cast<int16_t>(
      std::clamp(1990 + 11 * random.Normal(), 1935.0, 2008.0));
  person.travel_km = static_cast<float>(3 * std::exp(0.7 * random.Normal()));
  // Pareto with exponent 1.3, cut off.
  person.activity = static_cast<float>(
      std::min(40.0, std::pow(1 - random.Uniform(), -1 / 1.3)));
  return person;
}

std::vector<SynthPerson> BuildPeople(const SynthCity& city, int64_t count,
                                     Random random) {
  std::vector<SynthPerson> people;
  people.reserve(count);
  const auto first = static_cast<int64_t>(kFirstPeople * count);
  for (int64_t i = 0; i < count; ++i) {
    SynthPerson& person = people.emplace_back(MakePerson(random));
    const double u = random.Uniform();
    const Micros joined =
        i < first
            ? kSyntheticBegin -
                  static_cast<Micros>((first - i - u) * 400 * kDay / first)
            : SynthGrowthTime((i - first + u) / (count - first), kSyntheticNow);
    person.joined =
        std::min(joined, kSyntheticNow - kSecond) / kSecond * kSecond;
    FollowSome(city, person, random);
  }
  return people;
}

}  // namespace

Micros SynthGrowthTime(double u, Micros end) {
  const double days = static_cast<double>(end - kSyntheticBegin) / kDay;
  const double grown = std::expm1(kGrowthPerDay * days);
  const double at = std::log1p(u * grown) / kGrowthPerDay;
  return kSyntheticBegin + static_cast<Micros>(at * 86400) * kSecond;
}

double SynthSeason(int topic, Micros time) {
  const SynthTopic& of = SynthTopics()[topic];
  // kSyntheticNow is the beginning of June, month 6.
  const double month =
      6 + static_cast<double>(time - kSyntheticNow) / kDay / 30.44;
  return 1 + of.amplitude *
                 std::cos((month - of.peak_month) * std::numbers::pi / 6);
}

int SynthWeekday(Micros time) {
  const Micros local = time + kSynthUtcOffsetHours * kHour;
  return static_cast<int>((local / kDay + 3) % 7);  // 1970 began on Thursday.
}

int SynthHour(Micros time) {
  const Micros local = time + kSynthUtcOffsetHours * kHour;
  return static_cast<int>(local % kDay / kHour);
}

GeoPoint SynthNear(double km_north, double km_east, double spread_km,
                   Random& random) {
  const double north = km_north + spread_km * random.Normal();
  const double east = km_east + spread_km * random.Normal();
  const double shrink = std::cos(kSynthLatitude * std::numbers::pi / 180);
  return GeoPoint{
      static_cast<float>(kSynthLatitude + north / kKmPerDegree),
      static_cast<float>(kSynthLongitude + east / (kKmPerDegree * shrink))};
}

SynthCity BuildSynthCity(const SynthOptions& options) {
  SynthCity city;
  const int64_t organizers =
      std::max<int64_t>(20, options.events / kEventsPerOrganizer);
  city.venues = BuildVenues(8 + organizers / kOrganizersPerVenue,
                            StreamOf(options.seed, Stream::kVenues));
  city.organizers = BuildOrganizers(
      city, organizers, StreamOf(options.seed, Stream::kOrganizers));
  city.events = BuildEvents(city, options);
  city.people =
      BuildPeople(city, options.users, StreamOf(options.seed, Stream::kPeople));
  return city;
}

}  // namespace usher
