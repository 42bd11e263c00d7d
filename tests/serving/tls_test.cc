// Connections that are encrypted, and clients that have to show who they are.
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <memory>
#include <string>

#include "gmock/gmock.h"
#include "tests/serving/server_fixture.h"
#include "tests/testing/certificates.h"
#include "tests/testing/scratch_folder.h"

namespace usher {
namespace {

using ::testing::AnyOf;
using Seconds = std::chrono::seconds;

struct ServerFiles {
  explicit ServerFiles(bool mutual) {
    Write(authority);
    TlsOptions options = {folder.Path("cert"), folder.Path("key"), ""};
    if (mutual) options.client_ca = folder.Write("ca", clients.cert());
    tls = TlsFiles::Open(options).value();
  }
  void Write(const Authority& by) {
    const Identity server = by.Issue("server");
    folder.Write("cert", server.cert);
    folder.Write("key", server.key);
  }

  ScratchFolder folder;
  Authority authority;
  Authority clients;
  std::unique_ptr<TlsFiles> tls;
};

class TlsTest : protected ServerFiles, public ServerTest {
 protected:
  explicit TlsTest(bool mutual = false)
      : ServerFiles(mutual), ServerTest("127.0.0.1:0", nullptr, tls.get()) {
    PublishTiny();
  }

  grpc::Status CallOver(
      const std::shared_ptr<grpc::ChannelCredentials>& credentials) {
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    const auto stub = v1::RecommendationService::NewStub(
        grpc::CreateCustomChannel(server_->address(), credentials, arguments));
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + Seconds(5));
    v1::RecommendResponse response;
    return stub->Recommend(&context, request_, &response);
  }
  grpc::StatusCode CodeOver(const std::string& trusted,
                            const Identity& client = {}) {
    return CallOver(grpc::SslCredentials({trusted, client.key, client.cert}))
        .error_code();
  }

  // Offers this version alone. Returns OpenSSL's reason of the refusal, or 0.
  int HandshakeReason(int version) {
    SSL_CTX* const context = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_security_level(context, 0);
    SSL_CTX_set_min_proto_version(context, version);
    SSL_CTX_set_max_proto_version(context, version);
    SSL* const ssl = SSL_new(context);
    const unsigned char protocols[] = {2, 'h', '2'};
    SSL_set_alpn_protos(ssl, protocols, sizeof(protocols));
    const int s = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const std::string& address = server_->address();
    to.sin_port = htons(static_cast<uint16_t>(
        std::atoi(address.substr(address.rfind(':') + 1).c_str())));
    EXPECT_EQ(connect(s, reinterpret_cast<const sockaddr*>(&to), sizeof(to)),
              0);
    SSL_set_fd(ssl, s);
    ERR_clear_error();
    const int reason =
        SSL_connect(ssl) == 1 ? 0 : ERR_GET_REASON(ERR_peek_error());
    SSL_free(ssl);
    SSL_CTX_free(context);
    close(s);
    return reason;
  }
};

class MutualTlsTest : public TlsTest {
 protected:
  MutualTlsTest() : TlsTest(/*mutual=*/true) {}
};

TEST_F(TlsTest, OnlyClientsThatTrustTheServerAreAnswered) {
  EXPECT_EQ(CodeOver(authority.cert()), grpc::StatusCode::OK);
  EXPECT_EQ(CodeOver(clients.cert()), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(CallOver(grpc::InsecureChannelCredentials()).error_code(),
            grpc::StatusCode::UNAVAILABLE);
}

TEST_F(TlsTest, NothingOlderThanTls12IsSpoken) {
  // The server hangs up when it is offered that; an alert would do as well.
  EXPECT_THAT(HandshakeReason(TLS1_1_VERSION),
              AnyOf(SSL_R_UNEXPECTED_EOF_WHILE_READING,
                    SSL_R_TLSV1_ALERT_PROTOCOL_VERSION));
  EXPECT_EQ(HandshakeReason(TLS1_2_VERSION), 0);
  EXPECT_EQ(HandshakeReason(TLS1_3_VERSION), 0);
}

TEST_F(TlsTest, ANewCertificateIsShownWithoutARestart) {
  const Authority next;
  EXPECT_EQ(CodeOver(next.cert()), grpc::StatusCode::UNAVAILABLE);
  Write(next);
  ASSERT_TRUE(tls->RunOnce().value());
  const auto deadline = std::chrono::steady_clock::now() + Seconds(30);
  while (CodeOver(next.cert()) != grpc::StatusCode::OK) {
    ASSERT_LT(std::chrono::steady_clock::now(), deadline);
  }
  EXPECT_EQ(CodeOver(authority.cert()), grpc::StatusCode::UNAVAILABLE);
}

TEST_F(MutualTlsTest, OnlyClientsWithACertificateOfTheAuthorityAreAnswered) {
  EXPECT_EQ(CodeOver(authority.cert(), clients.Issue("app")),
            grpc::StatusCode::OK);
  EXPECT_EQ(CodeOver(authority.cert()), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(CodeOver(authority.cert(), authority.Issue("app")),
            grpc::StatusCode::UNAVAILABLE);
}

}  // namespace
}  // namespace usher
