#include "http/headers.hpp"

#include "util/text.hpp"

#include <algorithm>
#include <cstdlib>

namespace patchmill::http {
namespace {

double parse_weight(std::string_view text) {
  // 0, 1, or either with up to three digits (RFC 9110 section 12.4.2); anything else counts as 0.
  if (text.empty() || text.size() > 5 || (text[0] != '0' && text[0] != '1')) {
    return 0;
  }
  double weight = text[0] - '0';
  if (text.size() > 1) {
    if (text[1] != '.') {
      return 0;
    }
    double scale = 0.1;
    for (const char c : text.substr(2)) {
      if (c < '0' || c > '9') {
        return 0;
      }
      weight += (c - '0') * scale;
      scale /= 10;
    }
  }
  return std::min(weight, 1.0);
}

}  // namespace

void Headers::add(std::string_view name, std::string_view value) {
  m_fields.emplace_back(name, value);
}

void Headers::set(std::string_view name, std::string_view value) {
  for (auto& field : m_fields) {
    if (iequals(field.first, name)) {
      field.second = value;
      const auto index = static_cast<std::size_t>(&field - m_fields.data());
      const auto rest =
          std::remove_if(m_fields.begin() + static_cast<std::ptrdiff_t>(index) + 1, m_fields.end(),
                         [&](const Field& f) { return iequals(f.first, name); });
      m_fields.erase(rest, m_fields.end());
      return;
    }
  }
  add(name, value);
}

void Headers::remove(std::string_view name) {
  std::erase_if(m_fields, [&](const Field& field) { return iequals(field.first, name); });
}

std::optional<std::string_view> Headers::get(std::string_view name) const {
  for (const auto& field : m_fields) {
    if (iequals(field.first, name)) {
      return std::string_view(field.second);
    }
  }
  return std::nullopt;
}

std::size_t Headers::count(std::string_view name) const {
  return static_cast<std::size_t>(std::count_if(
      m_fields.begin(), m_fields.end(), [&](const Field& f) { return iequals(f.first, name); }));
}

std::string Headers::joined(std::string_view name) const {
  std::string all;
  bool first = true;
  for (const auto& field : m_fields) {
    if (iequals(field.first, name)) {
      if (!first) {
        all += ", ";
      }
      first = false;
      all += field.second;
    }
  }
  return all;
}

bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  });
}

std::string safe_field_value(std::string_view value) {
  std::string safe(value);
  for (char& c : safe) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte < 0x20 && c != '\t') || byte == 0x7f) {
      c = ' ';
    }
  }
  return safe;
}

std::vector<WeightedValue> parse_weighted(std::string_view list) {
  constexpr std::size_t most = 64;
  std::vector<WeightedValue> values;
  for (const std::string_view element : split(list, ',')) {
    if (values.size() == most) {
      break;
    }
    const auto parts = split(element, ';');
    WeightedValue value{trim(parts[0]), 1.0};
    if (value.value.empty()) {
      continue;
    }
    for (std::size_t i = 1; i < parts.size(); ++i) {
      const std::string_view parameter = trim(parts[i]);
      if (istarts_with(parameter, "q=")) {
        value.weight = parse_weight(parameter.substr(2));
      }
    }
    values.push_back(value);
  }
  return values;
}

bool list_contains(std::string_view list, std::string_view token) {
  while (true) {
    const auto end = list.find(',');
    if (iequals(trim(list.substr(0, end)), token)) {
      return true;
    }
    if (end == std::string_view::npos) {
      return false;
    }
    list.remove_prefix(end + 1);
  }
}

}  // namespace patchmill::http
