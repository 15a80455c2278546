#include "mail/address.hpp"

#include <doctest/doctest.h>

using namespace patchmill::mail;

TEST_CASE("mail::parse_addresses: lists, groups, comments and rubbish") {
  const auto list = parse_addresses(
      "A <a@x.org>, \"B, C\" <b@x.org>, undisclosed: d@x.org, e@x.org;, f at x.org (F F), "
      "g@x.org (G), nobody, <h@x.org>, =?utf-8?q?J=C3=B6?= <j@x.org>, K k@x.org");
  REQUIRE(list.size() == 9);
  CHECK(list[0] == Address{"A", "a@x.org"});
  CHECK(list[1] == Address{"B, C", "b@x.org"});
  CHECK(list[2] == Address{"", "d@x.org"});
  CHECK(list[4] == Address{"F F", "f@x.org"});
  CHECK(list[5] == Address{"G", "g@x.org"});
  CHECK(list[6] == Address{"", "h@x.org"});
  CHECK(list[7] == Address{"J\xC3\xB6", "j@x.org"});
  CHECK(list[8] == Address{"K", "k@x.org"});
  for (const char* broken : {"", ",,,", "\"", "((((", "<", "<>", "a@", "@b", "\"a\\"}) {
    CHECK(parse_addresses(broken).empty());
  }
}

TEST_CASE("mail::parse_addresses: a comma within an author's name") {
  const auto author = [](std::string_view value) {
    const auto found = parse_addresses(value, AddressField::author);
    return found.empty() ? Address{} : found.front();
  };
  const Address ann{"Author, Ann", "ann@x.org"};
  for (const char* value :
       {"Author, Ann <ann@x.org>", "\"Author, Ann\" <ann@x.org>", "\"Author\", Ann <ann@x.org>",
        "Author, Ann ann@x.org", "Author, Ann <ann at x.org>",
        "=?utf-8?q?Author?=, Ann <ann@x.org>", "Author,\n Ann <ann@x.org>",
        "Author, Ann <ann@x.org>, Bob <bob@x.org>", "ann@x.org (Author, Ann)"}) {
    CAPTURE(value);
    CHECK(author(value) == ann);
  }
  CHECK(author("Ann Author, Ph.D., M.A. <ann@x.org>").name == "Ann Author, Ph.D., M.A.");
  CHECK(author("Author,Ann <ann@x.org>").name == "Author,Ann");
  CHECK(author("Bob at Acme, Inc. <bob@x.org>") == Address{"Bob at Acme, Inc.", "bob@x.org"});
  CHECK(author("Ann (Foo, Inc.) Bar, Jr. <ann@x.org>").name == "Ann (Foo, Inc.) Bar, Jr.");
  CHECK(author("Author; Ann <ann@x.org>").name == "Author; Ann");
  CHECK(author("Author (X), Ann <ann@x.org>").name == "Author (X), Ann");
  CHECK(author("Author, <ann@x.org>") == Address{"Author", "ann@x.org"});
  CHECK(author("Author,ann@x.org") == Address{"Author", "ann@x.org"});
  CHECK(author("Author, ann at x.org") == Address{"Author", "ann@x.org"});
  CHECK(author(", Ann <ann@x.org>") == Address{"Ann", "ann@x.org"});
  CHECK(author("Author, Ann").email.empty());
  CHECK(author("Author, <>").email.empty());
  // What has an address of its own is no part of a name.
  CHECK(author("ann@x.org, Bob <bob@x.org>") == Address{"", "ann@x.org"});
  CHECK(author("ann at x.org, Bob <bob@x.org>") == Address{"", "ann@x.org"});
  const auto two = parse_addresses("A <a@x.org>, B, C <c@x.org>", AddressField::author);
  REQUIRE(two.size() == 2);
  CHECK(two[1] == Address{"C", "c@x.org"});
  // In a list a comma parts.
  CHECK(parse_addresses("Author, Ann <ann@x.org>") == std::vector<Address>{{"Ann", "ann@x.org"}});
  std::string flood;
  for (int i = 0; i < 100'000; ++i) {
    flood += "a, ";
  }
  CHECK(author(flood + "b <b@x.org>").email == "b@x.org");
}

TEST_CASE("mail::to_string: quotes what must be quoted and reads back") {
  for (const Address& address :
       {Address{"Ann Example", "a@x.org"}, Address{"A, B", "a@x.org"}, Address{"", "a@x.org"},
        Address{"A \"q\" \\ (c)", "a@x.org"}, Address{"J\xC3\xB6rg", "o'neil@localhost"}}) {
    const auto back = parse_addresses(to_string(address));
    REQUIRE(back.size() == 1);
    CHECK(back[0] == address);
  }
  CHECK(to_string({"A, B", "a@x"}) == "\"A, B\" <a@x>");
}

TEST_CASE("mail::same_email: ASCII case does not count") {
  CHECK(same_email("Ann@Example.org", "ann@example.ORG"));
  CHECK_FALSE(same_email("ann@example.org", "ann@example.com"));
}
