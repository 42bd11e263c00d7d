// The lists of many users, over one stream.
#ifndef USHER_SERVING_USHERCTL_RECOMMEND_MANY_H_
#define USHER_SERVING_USHERCTL_RECOMMEND_MANY_H_

#include <string>

#include "absl/status/statusor.h"
#include "google/protobuf/message.h"
#include "serving/usherctl/command.h"

namespace usher::ctl {

// Asks with the RecommendStreamRequest for the users of session.extras.file,
// one id a line, 1,000 at a time, and writes each list to session.out as it
// comes: as a JSON object a line, or as rows. Blank lines are passed over. The
// session's time-out counts anew for every 1,000.
absl::StatusOr<std::string> RecommendMany(
    const google::protobuf::Message& request, const Session& session);

}  // namespace usher::ctl

#endif  // USHER_SERVING_USHERCTL_RECOMMEND_MANY_H_
