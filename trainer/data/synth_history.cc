#include "trainer/data/synth_history.h"

#include <algorithm>
#include <cmath>
#include <queue>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "index/base/hash.h"
#include "index/base/status_macros.h"

namespace usher {
namespace {

constexpr int kStrangers = 14;  // Live events at random that one considers, ...
constexpr int kFamiliar = 8;    // and of organizers that one knows.
constexpr int kMaxTies = 24;
constexpr double kLoyaltyDays = 45;  // A tie halves in so long, ...
constexpr double kCold = 0.2;        // and below this it is none.
constexpr double kNewsDays = 2;      // So long an announcement is news.
constexpr Micros kNews = kDay / 2;   // So long people are told of it.
constexpr double kNewsShare = 0.6;   // Of all decisions: because of it.
constexpr uint64_t kStream = 77;     // Apart from those of synth_city.cc.

// The announced events that have not begun, as time passes.
class LiveEvents {
 public:
  explicit LiveEvents(const SynthCity& city)
      : city_(city),
        place_(city.events.size(), -1),
        of_organizer_(city.organizers.size()) {
    for (size_t i = 0; i < city.events.size(); ++i) {
      by_start_.push_back(static_cast<int32_t>(i));
    }
    std::stable_sort(by_start_.begin(), by_start_.end(),
                     [&](int32_t a, int32_t b) {
                       return city.events[a].start < city.events[b].start;
                     });
  }

  void Advance(Micros now) {
    const auto& events = city_.events;
    for (; announced_ < events.size() && events[announced_].announce < now;
         ++announced_) {
      Enter(static_cast<int32_t>(announced_));
    }
    while (news_ < announced_ && events[news_].announce < now - kNews) ++news_;
    // Whoever decides needs an hour to get there.
    for (; begun_ < by_start_.size() &&
           events[by_start_[begun_]].start < now + kHour;
         ++begun_) {
      if (place_[by_start_[begun_]] >= 0) Leave(by_start_[begun_]);
    }
  }

  const std::vector<int32_t>& all() const { return live_; }
  const std::vector<int32_t>& Of(int32_t organizer) const {
    return of_organizer_[organizer];
  }
  // One that was announced within kNews, or -1.
  int32_t PickNews(Random& random) const {
    if (news_ == announced_) return -1;
    const auto event =
        static_cast<int32_t>(news_ + random.Below(announced_ - news_));
    return place_[event] >= 0 ? event : -1;
  }
  // The next announcement; kSyntheticNow when there is none before.
  Micros NextAnnouncement() const {
    if (announced_ == city_.events.size()) return kSyntheticNow;
    return std::min(city_.events[announced_].announce, kSyntheticNow);
  }

 private:
  void Enter(int32_t event) {
    place_[event] = static_cast<int32_t>(live_.size());
    live_.push_back(event);
    of_organizer_[city_.events[event].organizer].push_back(event);
  }
  void Leave(int32_t event) {
    live_[place_[event]] = live_.back();
    place_[live_.back()] = place_[event];
    live_.pop_back();
    place_[event] = -1;
    std::vector<int32_t>& own = of_organizer_[city_.events[event].organizer];
    own.erase(std::find(own.begin(), own.end(), event));
  }

  const SynthCity& city_;
  std::vector<int32_t> by_start_;
  size_t announced_ = 0;
  size_t news_ = 0;  // The first that was announced within kNews.
  size_t begun_ = 0;
  std::vector<int32_t> live_;
  std::vector<int32_t> place_;  // Of each event in live_, or -1.
  std::vector<std::vector<int32_t>> of_organizer_;
};

class History {
 public:
  History(const SynthOptions& options, SynthCity& city,
          absl::FunctionRef<void(const SynthAct&)> act)
      : wanted_(options.interactions),
        city_(city),
        live_(city),
        act_(act),
        random_(Mix64(Mix64(options.seed) ^ kStream)),
        people_of_(city.organizers.size()) {
    for (size_t i = 0; i < city.people.size(); ++i) {
      for (const SynthTie& tie : city.people[i].ties) {
        people_of_[tie.organizer].push_back(static_cast<int32_t>(i));
      }
    }
    double sum = 0;
    for (const SynthPerson& person : city.people) {
      cumulative_.push_back(sum += person.activity);
    }
  }

  absl::Status Run() {
    Micros earliest = kSyntheticBegin;
    while (planned_ < wanted_) {
      const Micros now = std::max(
          earliest, SynthGrowthTime(static_cast<double>(planned_) / wanted_,
                                    kSyntheticNow - kDay / 24));
      live_.Advance(now);
      if (live_.all().empty()) {
        earliest = live_.NextAnnouncement() + kSecond;
        if (earliest >= kSyntheticNow) return TooFewEvents();
        continue;
      }
      Happen(now);
      Decide(PickWho(now), now);
    }
    Happen(kSyntheticNow);
    return absl::OkStatus();
  }

 private:
  // Of two acts the later one; of equal times the one that was planned later.
  struct Planned {
    SynthAct act;
    int64_t number;
    bool operator<(const Planned& other) const {
      return act.time != other.act.time ? act.time > other.act.time
                                        : number > other.number;
    }
  };

  static absl::Status TooFewEvents() {
    return absl::InvalidArgumentError(
        "the synthetic city has no live event left; give it more --events");
  }

  void Happen(Micros until) {
    while (!pending_.empty() && pending_.top().act.time <= until) {
      act_(pending_.top().act);
      pending_.pop();
    }
  }

  // Time passes as acts are planned, so their number comes out exactly.
  void Plan(SynthAct act) {
    if (planned_ == wanted_ || act.time >= kSyntheticNow) return;
    pending_.push({act, planned_++});
  }

  // Somebody who reads an announcement of the last hours, or anybody.
  int32_t PickWho(Micros now) {
    news_ = random_.Uniform() < kNewsShare ? live_.PickNews(random_) : -1;
    const int32_t reader = news_ >= 0 ? PickReader(news_, now) : -1;
    if (reader >= 0) return reader;
    news_ = -1;
    return PickPerson(now);
  }

  // Of the people whom the event's organizer knows; -1 for none.
  int32_t PickReader(int32_t event, Micros now) {
    const int32_t organizer = city_.events[event].organizer;
    const std::vector<int32_t>& people = people_of_[organizer];
    if (people.empty()) return -1;
    const int32_t who = people[random_.Below(people.size())];
    return IsTied(*TieOf(city_.people[who], organizer), now) ? who : -1;
  }

  int32_t PickPerson(Micros now) {
    const auto joined = std::upper_bound(
        city_.people.begin(), city_.people.end(), now,
        [](Micros t, const SynthPerson& p) { return t < p.joined; });
    const auto count = std::max<int64_t>(1, joined - city_.people.begin());
    const auto end = cumulative_.begin() + count;
    const auto found = std::upper_bound(cumulative_.begin(), end,
                                        random_.Uniform() * *(end - 1));
    return static_cast<int32_t>(
        std::min<int64_t>(found - cumulative_.begin(), count - 1));
  }

  void Decide(int32_t who, Micros now) {
    Consider(who, now);
    if (candidates_.empty()) {  // All were answered: a look at an old one.
      const std::vector<int32_t>& all = live_.all();
      Plan({now, who, all[random_.Below(all.size())], InteractionKind::kView});
      return;
    }
    const double what = random_.Uniform();
    if (what < 0.3) {
      Browse(who, Best(who, now, 1.0), now);
    } else if (what < 0.36) {  // Least liked.
      Refuse(who, Best(who, now, -1.0), now);
    } else {
      Accept(who, Best(who, now, 1.0), now);
    }
  }

  // Fills candidates_ with events that `who` has not answered.
  void Consider(int32_t who, Micros now) {
    candidates_.clear();
    if (news_ >= 0) Add(who, news_);
    const std::vector<SynthTie>& ties = city_.people[who].ties;
    for (size_t i = 0; i < ties.size() && candidates_.size() < kFamiliar; ++i) {
      const SynthTie& tie = ties[(i + planned_) % ties.size()];
      if (!IsTied(tie, now)) continue;
      for (const int32_t event : live_.Of(tie.organizer)) Add(who, event);
    }
    const std::vector<int32_t>& all = live_.all();
    for (int i = 0; i < kStrangers; ++i) {
      Add(who, all[random_.Below(all.size())]);
    }
  }

  void Add(int32_t who, int32_t event) {
    const bool is_new = std::find(candidates_.begin(), candidates_.end(),
                                  event) == candidates_.end();
    if (is_new && !answered_.contains(Pair(who, event))) {
      candidates_.push_back(event);
    }
  }

  // A draw from the softmax of sign * appeal (Gumbel 1954).
  int32_t Best(int32_t who, Micros now, double sign) {
    int32_t best = candidates_[0];
    double highest = -std::numeric_limits<double>::infinity();
    for (const int32_t event : candidates_) {
      const double gumbel = -std::log(-std::log(random_.Uniform() + 1e-300));
      const double score = sign * Appeal(who, event, now) + gumbel;
      if (score > highest) {
        highest = score;
        best = event;
      }
    }
    return best;
  }

  double Appeal(int32_t who, int32_t which, Micros now) const {
    const SynthPerson& person = city_.people[who];
    const SynthEvent& event = city_.events[which];
    const SynthOrganizer& organizer = city_.organizers[event.organizer];
    double appeal = organizer.quality + 0.3 * std::log1p(event.yes);
    appeal += 4.0 * Taste(who, which) * SynthSeason(event.topic, event.start);
    if (const SynthTie* tie = TieOf(person, event.organizer)) {
      appeal += 2.0 * std::log1p(Warmth(*tie, now));
      if (Follows(*tie, now)) appeal += 1.5;
    }
    const double km = DistanceKm(person.home, city_.venues[event.venue].place);
    appeal -= 1.5 * std::log1p(km / person.travel_km);
    const int hours = std::abs(SynthHour(event.start) - person.hour);
    appeal += 0.8 * std::exp(-0.5 * hours * hours / 4.0);
    if (SynthWeekday(event.start) == person.weekday) appeal += 0.8;
    // People decide when they hear of it, or when it is about to begin.
    const double days = static_cast<double>(event.start - now) / kDay;
    const double age = static_cast<double>(now - event.announce) / kDay;
    appeal += 3.0 * std::exp(-age / kNewsDays) - 0.6 * std::log1p(days);
    return appeal - 0.01 * event.price;
  }

  static double Warmth(const SynthTie& tie, Micros now) {
    const double days = static_cast<double>(now - tie.last) / kDay;
    return tie.warmth * std::exp2(-days / kLoyaltyDays);
  }
  static bool Follows(const SynthTie& tie, Micros now) {
    return tie.followed != kNoTime && tie.followed <= now;
  }
  static bool IsTied(const SynthTie& tie, Micros now) {
    return Follows(tie, now) || Warmth(tie, now) >= kCold;
  }

  float Taste(int32_t who, int32_t which) const {
    const SynthPerson& person = city_.people[who];
    float taste = 0;
    for (size_t i = 0; i < person.topics.size(); ++i) {
      if (person.topics[i] == city_.events[which].topic) {
        taste += person.taste[i];
      }
    }
    return taste;
  }

  static const SynthTie* TieOf(const SynthPerson& person, int32_t organizer) {
    for (const SynthTie& tie : person.ties) {
      if (tie.organizer == organizer) return &tie;
    }
    return nullptr;
  }

  void Browse(int32_t who, int32_t event, Micros now) {
    Plan({now, who, event, InteractionKind::kView});
    const double what = random_.Uniform();
    const Micros later = now + Seconds(5, 300);
    if (what < 0.25) Plan({later, who, event, InteractionKind::kClick});
    if (what > 0.8) Plan({later, who, event, InteractionKind::kSave});
    if (what > 0.97)
      Plan({later + kMinute, who, event, InteractionKind::kShare});
  }

  void Refuse(int32_t who, int32_t event, Micros now) {
    constexpr InteractionKind kRefusals[] = {
        InteractionKind::kRsvpNo, InteractionKind::kRsvpNo,
        InteractionKind::kDismiss, InteractionKind::kNotInterested};
    answered_.insert(Pair(who, event));
    Plan({now, who, event, kRefusals[random_.Below(4)]});
  }

  void Accept(int32_t who, int32_t which, Micros now) {
    SynthEvent& event = city_.events[which];
    answered_.insert(Pair(who, which));
    if (random_.Uniform() < 0.35) {
      Plan({now, who, which, InteractionKind::kView});
      now += Seconds(20, 600);
    }
    const double what = random_.Uniform();
    if (what < 0.05) return Plan({now, who, which, InteractionKind::kRsvpNo});
    if (what < 0.08)
      return Plan({now, who, which, InteractionKind::kRsvpMaybe});
    if (what < 0.11) {
      return Plan({now, who, which, InteractionKind::kInterested});
    }
    if (event.yes >= event.capacity) {
      return Plan({now, who, which, InteractionKind::kWaitlist});
    }
    const bool ticket = event.price > 0 && random_.Uniform() < 0.4;
    Plan({now, who, which, InteractionKind::kRsvpYes});
    if (ticket) {
      Plan({now + kMinute, who, which, InteractionKind::kTicket});
    }
    if (now >= kSyntheticNow) return;
    ++event.yes;
    Remember(who, event, now);
    Attend(who, which);
  }

  // Most who said yes come, and some of them rate it on the day after.
  void Attend(int32_t who, int32_t which) {
    const SynthEvent& event = city_.events[which];
    const bool comes = random_.Uniform() < 0.75;
    if (!comes || event.status == EventStatus::kCancelled) return;
    Plan(
        {event.start + Seconds(0, 1800), who, which, InteractionKind::kAttend});
    if (random_.Uniform() > 0.08) return;
    const double stars = 3.4 + city_.organizers[event.organizer].quality +
                         Taste(who, which) + 0.8 * random_.Normal();
    Plan({event.end + Seconds(3600, 50000), who, which,
          InteractionKind::kRating,
          static_cast<float>(std::clamp(std::round(stars), 1.0, 5.0))});
  }

  // Who goes to an organizer's events comes to know it, and may follow it.
  void Remember(int32_t who, const SynthEvent& event, Micros now) {
    std::vector<SynthTie>& ties = city_.people[who].ties;
    auto tie = std::find_if(ties.begin(), ties.end(), [&](const SynthTie& t) {
      return t.organizer == event.organizer;
    });
    if (tie == ties.end()) {
      if (ties.size() >= kMaxTies) return;
      tie = ties.insert(ties.end(), SynthTie{event.organizer});
      people_of_[event.organizer].push_back(who);
    }
    tie->warmth = static_cast<float>(Warmth(*tie, now) + 1);
    tie->last = now;
    if (tie->followed == kNoTime && random_.Uniform() < 0.25) {
      tie->followed = now;
    }
  }

  // `least` seconds and up to `more` beyond.
  Micros Seconds(int64_t least, uint64_t more) {
    return kSecond * (least + static_cast<int64_t>(random_.Below(more)));
  }

  static uint64_t Pair(int32_t who, int32_t event) {
    return static_cast<uint64_t>(who) << 32 | static_cast<uint32_t>(event);
  }

  const int64_t wanted_;
  SynthCity& city_;
  LiveEvents live_;
  absl::FunctionRef<void(const SynthAct&)> act_;
  Random random_;
  std::vector<double> cumulative_;  // Of activity.
  int64_t planned_ = 0;
  std::priority_queue<Planned> pending_;
  absl::flat_hash_set<uint64_t> answered_;
  std::vector<int32_t> candidates_;
  std::vector<std::vector<int32_t>> people_of_;  // Of each organizer: its ties.
  int32_t news_ = -1;  // What made the present person look, or -1.
};

}  // namespace

absl::Status LiveSynthHistory(const SynthOptions& options, SynthCity& city,
                              absl::FunctionRef<void(const SynthAct&)> act) {
  return History(options, city, act).Run();
}

}  // namespace usher
