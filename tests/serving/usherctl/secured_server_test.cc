// usherctl and a server that asks for certificates and tokens.
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "serving/usherctl/usherctl.h"
#include "tests/serving/server_fixture.h"
#include "tests/testing/certificates.h"
#include "tests/testing/scratch_folder.h"

namespace usher {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

struct SecurityFiles {
  SecurityFiles() {
    const Identity server = authority.Issue("server");
    tls = TlsFiles::Open({folder.Write("server.pem", server.cert),
                          folder.Write("server.key", server.key),
                          folder.Write("ca.pem", authority.cert())})
              .value();
    const Identity client = authority.Issue("client");
    folder.Write("client.pem", client.cert);
    folder.Write("client.key", client.key);
    const TokenHash hash = HashOfToken("sesame");
    tokens =
        TokenFile::Open(
            folder.Write(
                "tokens",
                absl::StrCat("app read ",
                             absl::BytesToHexString(absl::string_view(
                                 reinterpret_cast<const char*>(hash.data()),
                                 hash.size())))))
            .value();
  }
  ScratchFolder folder;
  Authority authority;
  std::unique_ptr<TlsFiles> tls;
  std::unique_ptr<TokenFile> tokens;
};

class SecuredServerTest : protected SecurityFiles, public ServerTest {
 protected:
  SecuredServerTest() : ServerTest("127.0.0.1:0", tokens.get(), tls.get()) {
    PublishTiny();
  }

  int Run(std::vector<std::string> args) {
    args.insert(args.begin(), absl::StrCat("--server=", server_->address()));
    std::ostringstream out;
    std::ostringstream err;
    const int exit_status = ctl::RunUsherctl(args, ctl::Terminal(), out, err);
    out_ = out.str();
    err_ = err.str();
    return exit_status;
  }
  std::string Flag(const std::string& name, const std::string& file) {
    return absl::StrCat("--", name, "=", folder.Path(file));
  }

  std::string out_;
  std::string err_;
};

TEST_F(SecuredServerTest, WithCertificateAndTokenACallIsAnswered) {
  folder.Write("token", "sesame\n");
  EXPECT_EQ(Run({Flag("tls_ca", "ca.pem"), Flag("tls_cert", "client.pem"),
                 Flag("tls_key", "client.key"), Flag("token_file", "token"),
                 "status"}),
            0)
      << err_;
  EXPECT_THAT(out_, HasSubstr("version 7"));
}

TEST_F(SecuredServerTest, WhatIsMissingIsHinted) {
  const std::vector<std::string> connected = {Flag("tls_ca", "ca.pem"),
                                              Flag("tls_cert", "client.pem"),
                                              Flag("tls_key", "client.key")};
  const auto with = [&](std::vector<std::string> more) {
    more.insert(more.begin(), connected.begin(), connected.end());
    return Run(more);
  };
  EXPECT_EQ(with({"status"}), 1);
  EXPECT_THAT(err_, HasSubstr("usherctl: UNAUTHENTICATED: "));
  EXPECT_THAT(err_, HasSubstr("USHER_TOKEN"));
  EXPECT_EQ(with({"--token=sesame", "reload"}), 1);
  EXPECT_THAT(err_, HasSubstr("usherctl: PERMISSION_DENIED: "));
  EXPECT_EQ(Run({"--token=sesame", "status"}), 1);
  EXPECT_THAT(err_, HasSubstr("--tls_ca if it encrypts"));
  EXPECT_EQ(Run({Flag("tls_ca", "ca.pem"), "--token=sesame", "status"}), 1);
  EXPECT_THAT(err_, HasSubstr("usherctl: UNAVAILABLE: "));
}

TEST_F(SecuredServerTest, WrongFilesAreAWrongUseAndNoTokenIsShown) {
  EXPECT_EQ(Run({Flag("tls_cert", "client.pem"), "status"}), 2);
  EXPECT_THAT(err_, HasSubstr("belong together"));
  EXPECT_EQ(Run({Flag("tls_ca", "none"), "status"}), 2);
  EXPECT_THAT(err_, HasSubstr("no file that can be read"));
  EXPECT_EQ(Run({"--token=open sesame", "status"}), 2);
  EXPECT_THAT(err_, HasSubstr("a character that no token has"));
  EXPECT_THAT(err_, Not(HasSubstr("sesame")));
  EXPECT_THAT(out_, IsEmpty());
}

}  // namespace
}  // namespace usher
