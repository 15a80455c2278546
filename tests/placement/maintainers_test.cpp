#include "placement/maintainers.hpp"

#include <doctest/doctest.h>

using namespace patchmill::placement;

TEST_CASE("placement::matches_file_pattern: as get_maintainer.pl reads F:") {
  CHECK(matches_file_pattern("drivers/net/", "drivers/net/a/b.c"));
  CHECK_FALSE(matches_file_pattern("drivers/net/", "drivers/network.c"));
  CHECK(matches_file_pattern("drivers/net/*", "drivers/net/a.c"));
  CHECK_FALSE(matches_file_pattern("drivers/net/*", "drivers/net/a/b.c"));
  CHECK(matches_file_pattern("*/net/*", "include/net/tcp.h"));
  CHECK(matches_file_pattern("net/*/core.c", "net/wireless/core.c"));
  CHECK(matches_file_pattern("kernel/fork.?", "kernel/fork.c"));
  CHECK(matches_file_pattern("Documentation/admin", "Documentation/admin/x.rst"));
  CHECK(matches_file_pattern("Makefile", "Makefile"));
  CHECK_FALSE(matches_file_pattern("", "a"));
  CHECK_FALSE(matches_file_pattern("a/b", "a"));
  // Many stars against a long name stay cheap.
  CHECK_FALSE(matches_file_pattern("*a*a*a*a*a*a*a*a*a*ab", std::string(100'000, 'a')));
}

TEST_CASE("placement::same_repository: the ways to write one URL") {
  const char* url = "git://git.kernel.org/pub/scm/linux/kernel/git/netdev/net.git";
  CHECK(same_repository(url, "https://git.kernel.org/pub/scm/linux/kernel/git/netdev/net.git/"));
  CHECK(same_repository(url, "git@gitolite.kernel.org:pub/scm/linux/kernel/git/netdev/net"));
  CHECK(same_repository("ssh://git@example.org:22/a/b.git", "https://EXAMPLE.org/a/b"));
  CHECK_FALSE(
      same_repository(url, "git://git.kernel.org/pub/scm/linux/kernel/git/netdev/net-next.git"));
}

TEST_CASE("placement::Maintainers::claims: sections with a tree that name the path") {
  const Maintainers maintainers(
      "Notes at the top\n\n"
      "NETWORKING\nM:\tA <a@example.org>\nT:\tgit git://example.org/net.git\n"
      "T:\tgit git://example.org/net-next.git next\nF:\tnet/\nX:\tnet/bluetooth/\n\n"
      "TEGRA\nT:\tgit git://example.org/tegra.git\nN:\t[^a-z]tegra\n"
      "N:\t(a{1,9}){1,9}\nN:\t(x)\\1\nN:\t(\n\n"
      "NO TREE\nF:\tnet/core/\n"
      "QUILTED\nT:\tquilt http://example.org/\nF:\tmm/\n");
  const auto net = maintainers.claims("net/core/dev.c");
  REQUIRE(net.size() == 1);
  CHECK(net.front()->title == "NETWORKING");
  REQUIRE(net.front()->trees.size() == 2);
  CHECK(net.front()->trees[1].branch == "next");
  CHECK(maintainers.claims("net/bluetooth/a.c").empty());
  CHECK(maintainers.claims("drivers/tegra.c").size() == 1);
  CHECK(maintainers.claims("integra.c").empty());
  CHECK(maintainers.claims("mm/slab.c").empty());
}

TEST_CASE("placement::Maintainers: all sections but the rest, for who maintains a path") {
  const Maintainers maintainers(
      "NO TREE\nM:\tA <a@example.org>\nM:\tb@example.org\nR:\tc@example.org\nF:\tnet/core/\n\n"
      "THE REST\nM:\tThe Boss <boss@example.org>\nF:\t*\nF:\t*/\n",
      Keep::all);
  const auto claims = maintainers.claims("net/core/dev.c");
  REQUIRE(claims.size() == 1);
  CHECK(claims[0]->maintainers == std::vector<std::string>{"A <a@example.org>", "b@example.org"});
  CHECK(maintainers.claims("Makefile").empty());
}
