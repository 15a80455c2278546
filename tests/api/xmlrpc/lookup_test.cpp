#include "api/xmlrpc/lookup.hpp"

#include <doctest/doctest.h>

using namespace patchmill;
using namespace patchmill::api::xmlrpc;

namespace {

const Operand k_name{"[v2,1/2] Lorem: ipsum", 0};
const Operand k_seven{"7", 7};
const Operand k_noon{"2023-11-15 12:00:00", 1'700'049'600'000'000};

bool fits(Kind kind, std::string_view key, const Value& value, std::optional<Operand> field) {
  const auto lookup = parse_key(key).lookup;
  REQUIRE(lookup.has_value());
  const auto condition = Condition::make(key, kind, *lookup, value);
  INFO((condition ? "" : condition.error().message));
  REQUIRE(condition.has_value());
  return condition->fits(field);
}
bool name_fits(std::string_view key, const std::string& value) {
  return fits(Kind::text, key, {value}, k_name);
}
std::string why(Kind kind, std::string_view key, const Value& value) {
  const auto condition = Condition::make(key, kind, *parse_key(key).lookup, value);
  return condition ? "" : condition.error().message;
}
Value text_value(std::string value) {
  return {std::move(value)};
}
Value number_value(std::int64_t value) {
  return {value};
}

}  // namespace

TEST_CASE("api::xmlrpc::parse_key") {
  CHECK(parse_key("name").lookup == Lookup::exact);
  CHECK(parse_key("project_id").field == "project_id");
  CHECK(parse_key("name__icontains").field == "name");
  CHECK(parse_key("name__icontains").lookup == Lookup::icontains);
  for (const auto* none : {"name__exact", "name__lte", "name__", "name__gt__lt", "name__regex"}) {
    CHECK_FALSE(parse_key(none).lookup.has_value());
  }
}

TEST_CASE("api::xmlrpc::Condition: texts") {
  CHECK(name_fits("n", "[v2,1/2] Lorem: ipsum"));
  CHECK_FALSE(name_fits("n", "[v2,1/2] lorem: ipsum"));
  CHECK(name_fits("n__iexact", "[V2,1/2] lorem: ipsum"));
  CHECK_FALSE(name_fits("n__iexact", "lorem"));
  CHECK(name_fits("n__contains", "Lorem"));
  CHECK_FALSE(name_fits("n__contains", "lorem"));
  CHECK(name_fits("n__icontains", "lOREM: i"));
  CHECK(name_fits("n__startswith", "[v2"));
  CHECK_FALSE(name_fits("n__startswith", "[V2"));
  CHECK(name_fits("n__istartswith", "[V2"));
  CHECK_FALSE(name_fits("n__istartswith", "Lorem"));
  CHECK(name_fits("n__endswith", "ipsum"));
  CHECK_FALSE(name_fits("n__endswith", "Ipsum"));
  CHECK(name_fits("n__iendswith", "Ipsum"));
  CHECK(name_fits("n__gt", "["));
  CHECK(name_fits("n__lt", "a"));
  CHECK_FALSE(name_fits("n__gte", "a"));
}

TEST_CASE("api::xmlrpc::Condition: numbers and dates") {
  CHECK(fits(Kind::number, "id", number_value(7), k_seven));
  CHECK(fits(Kind::number, "id", text_value("7"), k_seven));
  CHECK_FALSE(fits(Kind::number, "id__gt", number_value(7), k_seven));
  CHECK(fits(Kind::number, "id__gte", number_value(7), k_seven));
  CHECK(fits(Kind::number, "id__lt", number_value(10), k_seven));
  CHECK(fits(Kind::number, "id__in", {Array{number_value(1), number_value(7)}}, k_seven));
  CHECK_FALSE(fits(Kind::number, "id__in", {Array{}}, k_seven));
  CHECK(fits(Kind::number, "id__range", {Array{number_value(7), number_value(9)}}, k_seven));
  CHECK_FALSE(fits(Kind::number, "id__range", {Array{number_value(8), number_value(9)}}, k_seven));
  CHECK(fits(Kind::number, "id__startswith", number_value(7), k_seven));
  CHECK(fits(Kind::date, "date", text_value("2023-11-15T12:00:00"), k_noon));
  CHECK(fits(Kind::date, "date__gt", text_value("2023-11-15 11:59:59"), k_noon));
  CHECK_FALSE(fits(Kind::date, "date__gt", text_value("2023-11-15T12:00:00"), k_noon));
  CHECK(fits(Kind::date, "date__gte", text_value("2023-11-15"), k_noon));
  CHECK(fits(Kind::date, "date__startswith", text_value("2023-11"), k_noon));
  CHECK(fits(Kind::date, "date__year", number_value(2023), k_noon));
  CHECK(fits(Kind::date, "date__month", number_value(11), k_noon));
  CHECK(fits(Kind::date, "date__day", text_value("15"), k_noon));
  CHECK_FALSE(fits(Kind::date, "date__day", number_value(-1), k_noon));
}

TEST_CASE("api::xmlrpc::Condition: what is empty") {
  CHECK(fits(Kind::text, "hash__isnull", {true}, std::nullopt));
  CHECK_FALSE(fits(Kind::text, "hash__isnull", {false}, std::nullopt));
  CHECK(fits(Kind::text, "hash__isnull", {false}, k_name));
  CHECK_FALSE(fits(Kind::text, "hash", text_value(""), std::nullopt));
}

TEST_CASE("api::xmlrpc::Condition: values that do not fit") {
  CHECK(why(Kind::number, "id", text_value("lorem")) == "the filter 'id' takes a number");
  CHECK(why(Kind::number, "id", {Array{}}) == "the filter 'id' takes a number");
  CHECK(why(Kind::date, "date__gt", text_value("today")) ==
        "the filter 'date__gt' takes a date, as 2023-11-15T12:00:00");
  CHECK(why(Kind::text, "name", {Struct{}}) == "the filter 'name' takes text");
  CHECK(why(Kind::text, "name__in", text_value("x")) ==
        "the filter 'name__in' takes a list of at most 1000 values");
  CHECK(why(Kind::text, "name__in", {Array(1001, text_value("x"))}) ==
        "the filter 'name__in' takes a list of at most 1000 values");
  CHECK(why(Kind::number, "id__range", {Array{number_value(1)}}) ==
        "the filter 'id__range' takes a list of two values");
  CHECK(why(Kind::text, "name__year", number_value(1)).find("no part of a date") !=
        std::string::npos);
}
