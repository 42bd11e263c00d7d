#include "serving/lists/list_keys.h"

#include "gtest/gtest.h"

namespace usher {
namespace {

TEST(ListKeysTest, AKeyIsNamespaceKindBatchAndUser) {
  EXPECT_EQ(ListKey("shop", ListKind::kRanking, "b1", "ann"),
            "usher:shop:rec:b1:ann");
  EXPECT_EQ(ListKey("shop", ListKind::kNeighbours, "b1", "ann"),
            "usher:shop:sim:b1:ann");
  EXPECT_EQ(CurrentKey("shop", ListKind::kRanking), "usher:shop:rec:current");
}

TEST(ListKeysTest, NoIdPinsAKeyToAShard) {
  const std::string key = ListKey("n", ListKind::kRanking, "b", "{ann}");
  EXPECT_EQ(key.find('{'), std::string::npos);
  EXPECT_EQ(key.find('}'), std::string::npos);
}

TEST(ListKeysTest, DifferentIdsHaveDifferentKeys) {
  const auto key = [](absl::string_view id) {
    return ListKey("n", ListKind::kRanking, "b", id);
  };
  EXPECT_NE(key("{"), key("%7B"));
  EXPECT_NE(key("%"), key("%25"));
  EXPECT_NE(key("a\nb"), key("a b"));
  EXPECT_EQ(key("a:b\n"), "usher:n:rec:b:a:b\n");
}

TEST(ListKeysTest, APartOfAKeyHasNoColon) {
  EXPECT_TRUE(CheckKeyPart("--namespace", "shop-1.eu_west").ok());
  EXPECT_FALSE(CheckKeyPart("--namespace", "").ok());
  EXPECT_FALSE(CheckKeyPart("--namespace", "{shop}").ok());
  EXPECT_FALSE(CheckKeyPart("--namespace", std::string(65, 'a')).ok());
  EXPECT_EQ(CheckKeyPart("--namespace", "a:b").message(),
            "--namespace: \"a:b\" is not 1 to 64 letters, digits, '.', '_' and "
            "'-'");
}

}  // namespace
}  // namespace usher
