#include "api/patchwork/parameters.hpp"

#include "util/text.hpp"

#include <algorithm>
#include <array>
#include <iterator>

namespace patchmill::api::patchwork {
namespace {

constexpr std::size_t k_most_values = 100;     // of one filter
constexpr std::size_t k_longest_value = 1000;  // bytes; no name, id or address has as many
constexpr std::size_t k_longest_search = 255;  // characters of a name

// Takes digits from the front.
std::optional<int> take_number(std::string_view& text, std::size_t digits) {
  if (text.size() < digits) {
    return std::nullopt;
  }
  int number = 0;
  for (std::size_t i = 0; i < digits; ++i) {
    if (text[i] < '0' || text[i] > '9') {
      return std::nullopt;
    }
    number = number * 10 + (text[i] - '0');
  }
  text.remove_prefix(digits);
  return number;
}

bool take(std::string_view& text, std::string_view one_of) {
  if (text.empty() || one_of.find(text.front()) == std::string_view::npos) {
    return false;
  }
  text.remove_prefix(1);
  return true;
}

// "HH:MM[:SS[.ffffff]]" from the front.
std::optional<std::chrono::microseconds> take_time(std::string_view& text) {
  const auto hour = take_number(text, 2);
  if (!hour || *hour > 23 || !take(text, ":")) {
    return std::nullopt;
  }
  const auto minute = take_number(text, 2);
  if (!minute || *minute > 59) {
    return std::nullopt;
  }
  std::chrono::microseconds time = std::chrono::hours(*hour) + std::chrono::minutes(*minute);
  if (!take(text, ":")) {
    return time;
  }
  const auto second = take_number(text, 2);
  if (!second || *second > 59) {
    return std::nullopt;
  }
  time += std::chrono::seconds(*second);
  if (take(text, ".,")) {
    int unit = 100'000;
    std::size_t digits = 0;
    while (const auto digit = take_number(text, 1)) {
      time += std::chrono::microseconds(*digit * unit);
      unit /= 10;
      if (++digits > 12) {
        return std::nullopt;
      }
    }
    if (digits == 0) {
      return std::nullopt;
    }
  }
  return time;
}

// "", "Z", "+HH:MM", "+HHMM", "+HH".
std::optional<std::chrono::minutes> read_offset(std::string_view text) {
  if (text.empty() || text == "Z" || text == "z") {
    return std::chrono::minutes(0);
  }
  const bool west = text.front() == '-';
  if (!take(text, "+- ")) {
    return std::nullopt;
  }
  const auto hours = take_number(text, 2);
  if (!hours || *hours > 23) {
    return std::nullopt;
  }
  take(text, ":");
  const auto minutes = text.empty() ? std::optional(0) : take_number(text, 2);
  if (!minutes || *minutes > 59 || !text.empty()) {
    return std::nullopt;
  }
  const std::chrono::minutes offset(*hours * 60 + *minutes);
  return west ? -offset : offset;
}

}  // namespace

std::optional<Timestamp> parse_api_date(std::string_view text) {
  text = trim(text);
  const auto year = take_number(text, 4);
  if (!year || !take(text, "-")) {
    return std::nullopt;
  }
  const auto month = take_number(text, 2);
  if (!month || !take(text, "-")) {
    return std::nullopt;
  }
  const auto day = take_number(text, 2);
  if (!day) {
    return std::nullopt;
  }
  const std::chrono::year_month_day date{std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok() || *year < 1) {
    return std::nullopt;
  }
  const Timestamp midnight{std::chrono::sys_days(date)};
  if (text.empty()) {
    return midnight;
  }
  if (!take(text, "Tt ")) {
    return std::nullopt;
  }
  const auto time = take_time(text);
  const auto offset = read_offset(text);
  if (!time || !offset) {
    return std::nullopt;
  }
  return midnight + *time - *offset;
}

std::optional<bool> parse_api_bool(std::string_view text) {
  static constexpr std::array<std::string_view, 6> yes = {"true", "1", "yes", "on", "t", "y"};
  static constexpr std::array<std::string_view, 6> no = {"false", "0", "no", "off", "f", "n"};
  const auto is = [text](std::string_view word) { return iequals(text, word); };
  if (std::any_of(yes.begin(), yes.end(), is)) {
    return true;
  }
  if (std::any_of(no.begin(), no.end(), is)) {
    return false;
  }
  return std::nullopt;
}

std::vector<std::string_view> Query::given(std::string_view name) const {
  auto all = m_params.all(name);
  std::erase_if(all, [](std::string_view value) { return trim(value).empty(); });
  return all;
}

std::string_view Query::last(std::string_view name) const {
  const auto all = m_params.all(name);
  return all.empty() ? std::string_view() : trim(all.back());
}

registry::Values Query::value(std::string_view name) {
  const std::string_view value = last(name);
  if (value.size() > k_longest_value) {
    m_finds_nothing = true;
    return {};
  }
  return value.empty() ? registry::Values() : registry::Values{std::string(value)};
}

registry::Values Query::choices(std::string_view name) {
  auto chosen = values(name);
  m_finds_nothing = m_finds_nothing || given(name).size() < m_params.all(name).size();
  return chosen;
}

registry::Values Query::values(std::string_view name) {
  registry::Values values;
  for (const std::string_view value : given(name)) {
    if (value.size() > k_longest_value) {
      m_finds_nothing = true;
      continue;
    }
    const auto known = std::find(values.begin(), values.end(), trim(value));
    if (known != values.end()) {
      continue;
    }
    if (values.size() == k_most_values) {
      m_too_many = name;
      break;
    }
    values.emplace_back(trim(value));
  }
  return values;
}

registry::Span Query::span() {
  registry::Span span;
  const auto read = [&](std::string_view name) {
    std::vector<std::optional<Timestamp>> dates;
    for (const std::string_view value : given(name)) {
      if (dates.size() == k_most_values) {
        m_too_many = name;
        break;
      }
      dates.push_back(parse_api_date(value));
    }
    return dates;
  };
  span.since = read("since");
  span.before = read("before");
  return span;
}

std::string Query::search() {
  const auto all = given("q");
  if (all.empty()) {
    return {};
  }
  if (all.back().size() > 4 * k_longest_search) {
    m_finds_nothing = true;
    return {};
  }
  return std::string(trim(all.back()));
}

std::optional<bool> Query::boolean(std::string_view name) const {
  const auto all = given(name);
  return all.empty() ? std::nullopt : parse_api_bool(trim(all.back()));
}

registry::Order Query::order(std::initializer_list<std::string_view> fields) const {
  std::vector<registry::Order> found;
  for (std::string_view field : split(last("order").substr(0, k_longest_value), ',')) {
    field = trim(field);
    const bool descending = field.starts_with('-');
    field.remove_prefix(descending ? 1 : 0);
    const auto same = [&](const registry::Order& other) { return other.field == field; };
    if (std::find(fields.begin(), fields.end(), field) != fields.end() &&
        std::none_of(found.begin(), found.end(), same)) {
      found.push_back({std::string(field), descending, {}});
    }
  }
  if (found.empty()) {
    return {};
  }
  registry::Order order = std::move(found.front());
  order.then.assign(std::make_move_iterator(found.begin() + 1),
                    std::make_move_iterator(found.end()));
  return order;
}

Result<void> Query::check() const {
  if (!m_too_many.empty()) {
    return fail(ErrorKind::invalid, "At most " + std::to_string(k_most_values) + " values of '" +
                                        m_too_many + "' can be asked for at once.");
  }
  return {};
}

registry::NameFilter Query::names() {
  return {search(), order({"id", "name"})};
}

registry::PatchFilter Query::patches() {
  registry::PatchFilter filter;
  filter.project = choices("project");
  filter.series = choices("series");
  filter.submitter = choices("submitter");
  filter.delegate = choices("delegate");
  filter.state = choices("state");
  filter.archived = boolean("archived");
  if (m_version.has(2)) {
    filter.hash = value("hash");
    filter.msgid = value("msgid");
  }
  filter.date = span();
  filter.q = search();
  filter.order = order({"id", "name", "project", "date", "state", "archived", "submitter"});
  return filter;
}

registry::SeriesFilter Query::series() {
  registry::SeriesFilter filter;
  filter.project = choices("project");
  filter.submitter = choices("submitter");
  filter.date = span();
  filter.q = search();
  filter.order = order({"id", "name", "date", "submitter"});
  return filter;
}

registry::CoverFilter Query::covers() {
  registry::CoverFilter filter;
  filter.project = choices("project");
  filter.submitter = choices("submitter");
  filter.series = choices("series");
  filter.msgid = value("msgid");
  filter.date = span();
  filter.q = search();
  filter.order = order({"id", "name", "date", "submitter"});
  return filter;
}

registry::EventFilter Query::events() {
  registry::EventFilter filter;
  filter.project = choices("project");
  filter.category = values("category");
  filter.series = choices("series");
  filter.patch = choices("patch");
  filter.cover = choices("cover");
  if (m_version.has(2)) {
    filter.actor = values("actor");
  }
  filter.date = span();
  filter.comments = m_version.has(3);
  if (auto asked = order({"date"}); !asked.field.empty()) {
    filter.order = std::move(asked);
  }
  return filter;
}

registry::CheckFilter Query::checks() {
  registry::CheckFilter filter;
  filter.user = choices("user");
  filter.state = values("state");
  filter.context = values("context");
  filter.date = span();
  filter.order = order({"id", "user", "date", "state", "target_url", "context", "description"});
  return filter;
}

registry::BundleFilter Query::bundles() {
  registry::BundleFilter filter;
  filter.project = choices("project");
  filter.owner = choices("owner");
  filter.is_public = boolean("public");
  filter.q = search();
  filter.order = order({"id", "name", "owner"});
  return filter;
}

}  // namespace patchmill::api::patchwork
