#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>
#include <grpcpp/grpcpp.h>

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "grpc/reflection/v1alpha/reflection.grpc.pb.h"
#include "serving/grpc_calls.h"
#include "serving/grpc_services.h"

namespace usher {
namespace {

namespace reflection = ::grpc::reflection::v1alpha;
using google::protobuf::Descriptor;
using google::protobuf::DescriptorPool;
using google::protobuf::FieldDescriptor;
using google::protobuf::FileDescriptor;
using reflection::ServerReflectionRequest;
using reflection::ServerReflectionResponse;

void SetNotFound(const std::string& what, ServerReflectionResponse& response) {
  reflection::ErrorResponse& error = *response.mutable_error_response();
  error.set_error_code(grpc::StatusCode::NOT_FOUND);
  error.set_error_message(absl::StrCat("there is no ", what));
}

// The file and all that it imports, each once.
void AddFile(const FileDescriptor& file, std::set<std::string>& added,
             reflection::FileDescriptorResponse& response) {
  if (!added.insert(file.name()).second) return;
  google::protobuf::FileDescriptorProto proto;
  file.CopyTo(&proto);
  response.add_file_descriptor_proto(proto.SerializeAsString());
  for (int i = 0; i < file.dependency_count(); ++i) {
    AddFile(*file.dependency(i), added, response);
  }
}

void SetFile(const FileDescriptor* file, const std::string& what,
             ServerReflectionResponse& response) {
  if (file == nullptr) return SetNotFound(what, response);
  std::set<std::string> added;
  AddFile(*file, added, *response.mutable_file_descriptor_response());
}

void SetExtensions(const std::string& type,
                   ServerReflectionResponse& response) {
  const DescriptorPool& pool = *DescriptorPool::generated_pool();
  const Descriptor* message = pool.FindMessageTypeByName(type);
  if (message == nullptr) return SetNotFound("message " + type, response);
  std::vector<const FieldDescriptor*> extensions;
  pool.FindAllExtensions(message, &extensions);
  auto& numbers = *response.mutable_all_extension_numbers_response();
  numbers.set_base_type_name(type);
  for (const FieldDescriptor* extension : extensions) {
    numbers.add_extension_number(extension->number());
  }
}

const FileDescriptor* FileOf(const reflection::ExtensionRequest& request) {
  const DescriptorPool& pool = *DescriptorPool::generated_pool();
  const Descriptor* message =
      pool.FindMessageTypeByName(request.containing_type());
  if (message == nullptr) return nullptr;
  const FieldDescriptor* extension =
      pool.FindExtensionByNumber(message, request.extension_number());
  return extension == nullptr ? nullptr : extension->file();
}

void Answer(const ServerReflectionRequest& request,
            const std::vector<std::string>& services,
            ServerReflectionResponse& response) {
  response.Clear();
  response.set_valid_host(request.host());
  *response.mutable_original_request() = request;
  const DescriptorPool& pool = *DescriptorPool::generated_pool();
  switch (request.message_request_case()) {
    case ServerReflectionRequest::kListServices:
      for (const std::string& service : services) {
        response.mutable_list_services_response()->add_service()->set_name(
            service);
      }
      return;
    case ServerReflectionRequest::kFileByFilename:
      return SetFile(pool.FindFileByName(request.file_by_filename()),
                     "file " + request.file_by_filename(), response);
    case ServerReflectionRequest::kFileContainingSymbol:
      return SetFile(
          pool.FindFileContainingSymbol(request.file_containing_symbol()),
          "symbol " + request.file_containing_symbol(), response);
    case ServerReflectionRequest::kFileContainingExtension:
      return SetFile(FileOf(request.file_containing_extension()),
                     "such extension", response);
    case ServerReflectionRequest::kAllExtensionNumbersOfType:
      return SetExtensions(request.all_extension_numbers_of_type(), response);
    case ServerReflectionRequest::MESSAGE_REQUEST_NOT_SET:
      response.mutable_error_response()->set_error_code(
          grpc::StatusCode::INVALID_ARGUMENT);
      response.mutable_error_response()->set_error_message(
          "message_request: is not set");
  }
}

// Reads and answers in turn.
class ReflectionStream final
    : public grpc::ServerBidiReactor<ServerReflectionRequest,
                                     ServerReflectionResponse> {
 public:
  ReflectionStream(const std::vector<std::string>& services,
                   const CountedCall& call)
      : services_(services), call_(call) {
    StartRead(&request_);
  }

  void OnReadDone(bool ok) override {
    if (!ok) return End(absl::OkStatus());
    Answer(request_, services_, response_);
    StartWrite(&response_);
  }

  void OnWriteDone(bool ok) override {
    if (!ok) return End(absl::CancelledError());
    StartRead(&request_);
  }

  void OnDone() override { delete this; }

 private:
  void End(const absl::Status& status) {
    call_.End(status.code());
    Finish(ToGrpcStatus(status));
  }

  const std::vector<std::string>& services_;
  const CountedCall call_;
  ServerReflectionRequest request_;
  ServerReflectionResponse response_;
};

class ReflectionService final
    : public reflection::ServerReflection::CallbackService {
 public:
  ReflectionService(std::vector<std::string> services, const CallGate& gate)
      : services_(std::move(services)), gate_(gate) {}

  grpc::ServerBidiReactor<ServerReflectionRequest, ServerReflectionResponse>*
  ServerReflectionInfo(grpc::CallbackServerContext* context) override {
    return RunStream<ServerReflectionRequest, ServerReflectionResponse>(
        context, RpcMethod::kServerReflectionInfo, gate_,
        [this](const CountedCall& call) {
          return new ReflectionStream(services_, call);
        });
  }

 private:
  const std::vector<std::string> services_;
  const CallGate& gate_;
};

}  // namespace

std::unique_ptr<grpc::Service> NewReflectionService(
    std::vector<std::string> services, const CallGate& gate) {
  return std::make_unique<ReflectionService>(std::move(services), gate);
}

}  // namespace usher
