// What an experiment has shown so far, out of both databases.
#ifndef USHER_SERVING_COLLECT_REPORT_H_
#define USHER_SERVING_COLLECT_REPORT_H_

#include "absl/status/statusor.h"
#include "serving/experiments/experiment.h"
#include "serving/experiments/experiment_report.h"
#include "serving/exposure_log.h"
#include "serving/snapshot_publisher.h"

namespace usher {

// Lists of the exposures, joined with interactions of the state by
// recommendation_id and event; an interaction counts when the event was shown
// on that list to that user in a variant of `experiment`, and once for each
// outcome. Has all that was answered before the call. Takes about a second for
// a million interactions, on the calling thread; of files, writers go on
// meanwhile.
absl::StatusOr<ExperimentReport> CollectReport(const Experiment& experiment,
                                               ExposureLog& exposures,
                                               SnapshotPublisher& publisher);

}  // namespace usher

#endif  // USHER_SERVING_COLLECT_REPORT_H_
