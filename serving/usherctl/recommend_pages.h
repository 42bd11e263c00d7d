// One list, page after page.
#ifndef USHER_SERVING_USHERCTL_RECOMMEND_PAGES_H_
#define USHER_SERVING_USHERCTL_RECOMMEND_PAGES_H_

#include <string>

#include "absl/status/statusor.h"
#include "google/protobuf/message.h"
#include "serving/usherctl/command.h"

namespace usher::ctl {

// Asks for the RecommendRequest and then for the pages behind it, up to
// session.extras.pages or the list's end. Each page is written to session.out
// when it is there.
absl::StatusOr<std::string> RecommendPages(
    const google::protobuf::Message& request, const Session& session);

}  // namespace usher::ctl

#endif  // USHER_SERVING_USHERCTL_RECOMMEND_PAGES_H_
