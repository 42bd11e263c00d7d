// What an evaluation found, for programs, for terminals and for browsers.
#ifndef USHER_TRAINER_EVALUATION_REPORT_H_
#define USHER_TRAINER_EVALUATION_REPORT_H_

#include <string>
#include <vector>

#include "trainer/evaluation/judgement.h"

namespace usher {

// What was asked, and all that answered. The first judgement is the one that
// the others are compared with.
struct EvaluationReport {
  std::string protocol;  // "replay", "snapshot" or "holdout".
  std::string clock;     // "rsvp" or "week"; empty without one.
  int depth = 10;        // Of the lists.
  std::vector<std::string> notes;
  std::vector<Judgement> judgements;
};

// {"NAME": {"all": {...}, ...}, ...}: every figure that there is, by name; one
// that is not known is null.
std::string JsonReport(const EvaluationReport& report);

// The chief figures, a line each.
std::string TableReport(const EvaluationReport& report);

// One page that needs nothing from elsewhere, with the charts.
std::string HtmlReport(const EvaluationReport& report);

}  // namespace usher

#endif  // USHER_TRAINER_EVALUATION_REPORT_H_
