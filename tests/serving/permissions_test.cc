// Who may call which method.
#include <google/protobuf/descriptor.h>

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "grpc/reflection/v1alpha/reflection.grpc.pb.h"
#include "tests/serving/server_fixture.h"
#include "tests/testing/scratch_folder.h"

namespace usher {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::IsSupersetOf;
using ::testing::Not;

using ReflectionRequest = grpc::reflection::v1alpha::ServerReflectionRequest;
using ReflectionResponse = grpc::reflection::v1alpha::ServerReflectionResponse;
using Reflection = grpc::reflection::v1alpha::ServerReflection;

// A token a scope, of the scope's name.
struct OneTokenAScope {
  OneTokenAScope() {
    std::string text;
    for (int i = 0; i < kNumScopes; ++i) {
      const absl::string_view scope = ScopeName(static_cast<Scope>(i));
      const TokenHash hash = HashOfToken(scope);
      absl::StrAppend(
          &text, scope, " ", scope, " ",
          absl::BytesToHexString(absl::string_view(
              reinterpret_cast<const char*>(hash.data()), hash.size())),
          "\n");
    }
    tokens = TokenFile::Open(folder.Write("tokens", text)).value();
  }
  ScratchFolder folder;
  std::unique_ptr<TokenFile> tokens;
};

class PermissionsTest : protected OneTokenAScope, public ServerTest {
 protected:
  PermissionsTest() : ServerTest("", tokens.get()) { PublishTiny(); }

  grpc::StatusCode CodeOf(const std::string& method, const std::string& token) {
    return CallByName(channel_, method, "", token).status.error_code();
  }

  // One question, one answer.
  grpc::Status Reflect(const ReflectionRequest& request,
                       const std::string& token, ReflectionResponse* response) {
    grpc::ClientContext context;
    if (!token.empty()) context.AddMetadata("authorization", "Bearer " + token);
    const auto stub = Reflection::NewStub(channel_);
    const auto stream = stub->ServerReflectionInfo(&context);
    stream->Write(request);
    stream->WritesDone();
    stream->Read(response);
    return stream->Finish();
  }

  std::vector<std::string> Services() {
    ReflectionRequest request;
    request.set_list_services("*");
    ReflectionResponse response;
    EXPECT_TRUE(Reflect(request, "read", &response).ok());
    std::vector<std::string> names;
    for (const auto& service : response.list_services_response().service()) {
      names.push_back(service.name());
    }
    return names;
  }

  // "/SERVICE/METHOD" of all that is registered, but for health.
  std::vector<std::string> Methods() {
    std::vector<std::string> methods;
    for (const std::string& name : Services()) {
      if (name == "grpc.health.v1.Health") continue;
      const auto* service =
          google::protobuf::DescriptorPool::generated_pool()->FindServiceByName(
              name);
      EXPECT_NE(service, nullptr) << name;
      for (int i = 0; service != nullptr && i < service->method_count(); ++i) {
        methods.push_back(
            absl::StrCat("/", name, "/", service->method(i)->name()));
      }
    }
    return methods;
  }
};

std::string NameOf(const RpcMethodSpec& spec) {
  return absl::StrCat("/", spec.service, "/", spec.name);
}

TEST_F(PermissionsTest, TheTableIsInTheOrderOfItsEnum) {
  for (size_t i = 0; i < kNumRpcMethods; ++i) {
    EXPECT_EQ(static_cast<size_t>(kRpcMethods[i].method), i) << i;
  }
}

TEST_F(PermissionsTest, NoMethodOfARegisteredServiceIsWithoutAScope) {
  std::vector<std::string> table;
  for (const RpcMethodSpec& spec : kRpcMethods) table.push_back(NameOf(spec));
  const std::vector<std::string> methods = Methods();
  EXPECT_THAT(methods, Contains("/usher.v1.RecommendationService/Recommend"));
  EXPECT_THAT(table, IsSupersetOf(methods));
}

TEST_F(PermissionsTest, NoMethodIsReachedWithoutAKnownToken) {
  for (const std::string& method : Methods()) {
    for (const char* token : {"", "unknown"}) {
      const grpc::StatusCode code = CodeOf(method, token);
      EXPECT_TRUE(code == grpc::StatusCode::UNAUTHENTICATED ||
                  code == grpc::StatusCode::UNIMPLEMENTED)
          << method << " with \"" << token << "\": " << code;
    }
  }
  EXPECT_EQ(CodeOf("/usher.v1.RecommendationService/Recommend", ""),
            grpc::StatusCode::UNAUTHENTICATED);
  EXPECT_EQ(CodeOf("/usher.v1.InteractionService/StreamInteractions", ""),
            grpc::StatusCode::UNAUTHENTICATED);
}

TEST_F(PermissionsTest, EachMethodTakesTheTokensOfItsScopeAlone) {
  const std::vector<std::string> methods = Methods();
  const std::set<std::string> registered(methods.begin(), methods.end());
  for (const RpcMethodSpec& spec : kRpcMethods) {
    const std::string method = NameOf(spec);
    if (!registered.contains(method)) continue;
    for (int i = 0; i < kNumScopes; ++i) {
      const Scope scope = static_cast<Scope>(i);
      const grpc::StatusCode code =
          CodeOf(method, std::string(ScopeName(scope)));
      if (code == grpc::StatusCode::UNIMPLEMENTED) continue;
      EXPECT_EQ(code == grpc::StatusCode::PERMISSION_DENIED,
                scope != spec.scope)
          << method << " with " << ScopeName(scope) << ": " << code;
      EXPECT_NE(code, grpc::StatusCode::UNAUTHENTICATED) << method;
    }
  }
}

TEST_F(PermissionsTest, HealthIsOpenToEverybody) {
  EXPECT_EQ(Health(channel_, ""), 2);
  server_->SetServing(true);
  EXPECT_EQ(Health(channel_, std::string(kRecommendationService)), 1);
}

TEST_F(PermissionsTest, WithATokenACallIsAnswered) {
  grpc::ClientContext context;
  context.AddMetadata("authorization", "Bearer read");
  v1::RecommendResponse response;
  const grpc::Status status = stub_->Recommend(&context, request_, &response);
  EXPECT_TRUE(status.ok()) << status.error_message();
  EXPECT_THAT(response.results(), Not(IsEmpty()));
}

TEST_F(PermissionsTest, ReflectionTellsTheFilesOfASymbolAndWhatIsNotThere) {
  ReflectionRequest request;
  ReflectionResponse response;
  request.set_file_containing_symbol("usher.v1.CatalogService");
  ASSERT_TRUE(Reflect(request, "read", &response).ok());
  const auto& files =
      response.file_descriptor_response().file_descriptor_proto();
  ASSERT_GT(files.size(), 1);
  EXPECT_THAT(files[0], HasSubstr("usher/v1/catalog.proto"));
  request.set_file_by_filename("usher/v1/resources.proto");
  ASSERT_TRUE(Reflect(request, "read", &response).ok());
  EXPECT_THAT(response.file_descriptor_response().file_descriptor_proto(0),
              HasSubstr("usher/v1/resources.proto"));
  request.set_file_containing_symbol("usher.v1.Nothing");
  ASSERT_TRUE(Reflect(request, "read", &response).ok());
  EXPECT_EQ(response.error_response().error_code(),
            grpc::StatusCode::NOT_FOUND);
  request.Clear();
  ASSERT_TRUE(Reflect(request, "read", &response).ok());
  EXPECT_EQ(response.error_response().error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(Reflect(request, "write", &response).error_code(),
            grpc::StatusCode::PERMISSION_DENIED);
}

}  // namespace
}  // namespace usher
