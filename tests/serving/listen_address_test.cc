#include "serving/listen_address.h"

#include "gtest/gtest.h"

namespace usher {
namespace {

TEST(ListenAddressTest, IsAHostAndAPortOrASocketFile) {
  for (const char* address :
       {"127.0.0.1:50051", "[::]:0", "unix:a", "h:65535"}) {
    EXPECT_TRUE(CheckListenAddress(address).ok()) << address;
  }
  for (const char* address :
       {"", "nowhere", ":1", "h:", "h:-1", "h:65536", "unix:"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(CheckListenAddress(address)))
        << address;
  }
}

TEST(ListenAddressTest, OnlyLoopbackAndSocketFilesAreLocal) {
  for (const char* address : {"127.0.0.1:1", "127.3.0.1:1", "localhost:1",
                              "[::1]:1", "unix:/run/u"}) {
    EXPECT_TRUE(IsLocalAddress(address)) << address;
  }
  for (const char* address : {"0.0.0.0:1", "[::]:1", "10.0.0.1:1", "usher:1"}) {
    EXPECT_FALSE(IsLocalAddress(address)) << address;
  }
}

}  // namespace
}  // namespace usher
