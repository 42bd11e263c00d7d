// What is deleted and what is handed out of a person -> responses of the API.
#ifndef USHER_SERVING_CONVERT_ERASURE_H_
#define USHER_SERVING_CONVERT_ERASURE_H_

#include <vector>

#include "serving/user_eraser.h"
#include "serving/user_exporter.h"
#include "usher/v1/catalog.pb.h"

namespace usher {

void ToProto(const ErasureReceipt& receipt, v1::ForgetReceipt* out);
// In the order of the stream.
std::vector<v1::ExportUserResponse> ToProto(const UserExport& all);

}  // namespace usher

#endif  // USHER_SERVING_CONVERT_ERASURE_H_
