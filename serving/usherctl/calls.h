// One question to the server, and its answer as text.
#ifndef USHER_SERVING_USHERCTL_CALLS_H_
#define USHER_SERVING_USHERCTL_CALLS_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "google/protobuf/message.h"
#include "grpcpp/client_context.h"
#include "grpcpp/support/status.h"
#include "serving/usherctl/command.h"
#include "serving/usherctl/terminal.h"

namespace usher::ctl {

// For what loads a model, reads all that there is, or asks for many.
inline constexpr absl::Duration kLongPatience = absl::Minutes(5);

// One object, fields as in the API; on one line, but for a styled terminal.
std::string ToJson(const google::protobuf::Message& message,
                   const Terminal& terminal);

// The session's deadline and token.
void Prepare(const Session& session, grpc::ClientContext& context);

// The codes have the same numbers.
absl::Status FromGrpc(const grpc::Status& status);

template <class Service, class Request, class Response>
using Method = grpc::Status (Service::Stub::*)(grpc::ClientContext*,
                                               const Request&, Response*);

template <class Request, class Response>
using Layout = std::string (*)(const Request&, const Response&,
                               const Terminal&);

// Asks the method of a service once.
template <class Service, class Request, class Response>
absl::StatusOr<Response> Call(Method<Service, Request, Response> method,
                              const Request& request, const Session& session) {
  const auto stub = Service::NewStub(session.channel);
  grpc::ClientContext context;
  Prepare(session, context);
  Response response;
  const grpc::Status status = ((*stub).*method)(&context, request, &response);
  if (!status.ok()) return FromGrpc(status);
  return response;
}

template <class Request, class Response>
std::string Lay(Layout<Request, Response> show, const Request& request,
                const Response& response, const Session& session) {
  return session.options.json ? ToJson(response, session.terminal)
                              : show(request, response, session.terminal);
}

// Asks once; `show` lays out the response.
template <class Service, class Request, class Response>
absl::StatusOr<std::string> Ask(Method<Service, Request, Response> method,
                                Layout<Request, Response> show,
                                const google::protobuf::Message& message,
                                const Session& session) {
  const auto& request = static_cast<const Request&>(message);
  const absl::StatusOr<Response> response =
      Call<Service>(method, request, session);
  if (!response.ok()) return response.status();
  return Lay(show, request, *response, session);
}

template <class Request>
std::unique_ptr<google::protobuf::Message> New() {
  return std::make_unique<Request>();
}

}  // namespace usher::ctl

#endif  // USHER_SERVING_USHERCTL_CALLS_H_
