#include "web/view.hpp"

#include "http/prepare.hpp"
#include "web/format.hpp"

#include <kainjow/mustache.hpp>

#include <map>
#include <stdexcept>

namespace patchmill::web {
namespace {

namespace m = kainjow::mustache;

m::data to_data(const View& view);

m::data to_data(const View::Value& value) {
  if (const auto* flag = std::get_if<bool>(&value)) {
    return *flag;
  }
  if (const auto* text = std::get_if<std::string>(&value)) {
    return text->empty() ? m::data(false) : m::data(*text);
  }
  if (const auto* html = std::get_if<Html>(&value)) {
    return html->empty() ? m::data(false) : m::data(html->string());
  }
  m::data list{m::data::type::list};
  for (const View& item : std::get<View::List>(value)) {
    list.push_back(to_data(item));
  }
  return list;
}

m::data to_data(const View& view) {
  m::data data;
  for (const auto& [key, value] : view.values()) {
    data.set(key, to_data(value));
  }
  return data;
}

// Parsed once a thread: rendering changes the object.
m::mustache& parsed(std::string_view name) {
  thread_local std::map<std::string, m::mustache, std::less<>> all;
  if (const auto found = all.find(name); found != all.end()) {
    return found->second;
  }
  for (const EmbeddedFile& file : embedded_templates()) {
    if (file.name == name) {
      m::mustache made{std::string(file.bytes)};
      made.set_custom_escape([](const std::string& text) { return http::escape_html(text); });
      if (!made.is_valid()) {
        throw std::logic_error("the template " + std::string(name) + ": " + made.error_message());
      }
      return all.emplace(std::string(name), std::move(made)).first->second;
    }
  }
  throw std::logic_error("there is no template " + std::string(name));
}

}  // namespace

View& View::put(std::string_view key, Value value) {
  m_values.emplace_back(std::string(key), std::move(value));
  return *this;
}

View& View::set(std::string_view key, std::string_view value) {
  if (key.ends_with("_html")) {
    throw std::logic_error("text for " + std::string(key) + ", which takes HTML");
  }
  return put(key, show(value));
}

View& View::set_html(std::string_view key, Html value) {
  if (!key.ends_with("_html")) {
    throw std::logic_error("HTML for " + std::string(key) + ", which takes text");
  }
  return put(key, std::move(value));
}

View& View::set_list(std::string_view key, List value) {
  put(std::string(key) + "_any", !value.empty());
  set(std::string(key) + "_count", value.size());
  return put(key, std::move(value));
}

View& View::set_time(std::string_view key, std::optional<Timestamp> time) {
  set(std::string(key) + "_iso", time ? to_iso(*time) + "Z" : "");
  return set(key, time ? format_time(*time) : "");
}

Html render_template(std::string_view name, const View& view) {
  m::mustache& mustache = parsed(name);
  Html html;
  mustache.render(to_data(view), [&html](const std::string& piece) { html.m_text += piece; });
  if (!mustache.is_valid()) {
    throw std::logic_error("the template " + std::string(name) + ": " + mustache.error_message());
  }
  return html;
}

}  // namespace patchmill::web
