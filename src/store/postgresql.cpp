#include "store/engines.hpp"
#include "store/placeholders.hpp"
#include "util/text.hpp"

#include <fmt/format.h>
#include <libpq-fe.h>

#include <array>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <unordered_map>

namespace patchmill::store::detail {
namespace {

constexpr std::size_t max_cached_statements = 512;

// Fixed numbers of PostgreSQL's catalogue (pg_type.dat).
constexpr Oid oid_unknown = 0;
constexpr Oid oid_bytea = 17;
constexpr Oid oid_int8 = 20;
constexpr Oid oid_text = 25;
constexpr Oid oid_float8 = 701;

struct ResultDeleter {
  void operator()(PGresult* result) const { PQclear(result); }
};
using PgResult = std::unique_ptr<PGresult, ResultDeleter>;

struct ConnectionCloser {
  void operator()(PGconn* connection) const { PQfinish(connection); }
};

int hex_digit(char c) {
  return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

// The hex form of bytea output ("\x…").
std::string decode_bytea(std::string_view text) {
  if (!text.starts_with("\\x") || text.size() % 2 != 0) {
    throw DatabaseError("PostgreSQL answers bytes in an unknown form; set bytea_output to hex");
  }
  std::string bytes;
  bytes.reserve(text.size() / 2);
  for (std::size_t i = 2; i < text.size(); i += 2) {
    bytes.push_back(static_cast<char>(hex_digit(text[i]) << 4 | hex_digit(text[i + 1])));
  }
  return bytes;
}

// Results come as text: every type has one, and sums of BIGINT are NUMERIC.
class PgRow final : public Row {
 public:
  explicit PgRow(const PGresult* result) : m_result(result) {}
  void move_to(int row) {
    m_row = row;
    m_decoded.clear();
  }

  bool is_null(int column) const override { return PQgetisnull(m_result, m_row, column) != 0; }
  std::int64_t integer(int column) const override {
    const auto text = raw(column);
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error == std::errc{} && end == text.data() + text.size()) {
      return value;
    }
    return text == "t" ? 1 : static_cast<std::int64_t>(real(column));
  }
  double real(int column) const override {
    return std::strtod(PQgetvalue(m_result, m_row, column), nullptr);
  }
  std::string_view text(int column) const override { return bytes(column); }
  std::string_view bytes(int column) const override {
    if (PQftype(m_result, column) != oid_bytea || is_null(column)) {
      return raw(column);
    }
    auto [it, fresh] = m_decoded.try_emplace(column);
    if (fresh) {
      it->second = decode_bytea(raw(column));
    }
    return it->second;
  }

 private:
  [[nodiscard]] std::string_view raw(int column) const {
    return {PQgetvalue(m_result, m_row, column),
            static_cast<std::size_t>(PQgetlength(m_result, m_row, column))};
  }

  const PGresult* m_result;
  int m_row = 0;
  mutable std::unordered_map<int, std::string> m_decoded;  // nodes: views into them stay valid
};

// The arrays that libpq wants, and the memory behind them.
class Parameters {
 public:
  Parameters(const Value* values, std::size_t count, const std::vector<Oid>& types,
             std::string_view sql);
  [[nodiscard]] const char* const* data() const { return m_data.data(); }
  [[nodiscard]] const int* lengths() const { return m_lengths.data(); }
  [[nodiscard]] const int* formats() const { return m_formats.data(); }

 private:
  void add_text(std::string text) {
    m_owned.push_back(std::move(text));
    m_data.push_back(m_owned.back().c_str());
    m_lengths.push_back(0);
    m_formats.push_back(0);
  }
  void add_binary(std::string_view bytes) {
    if (bytes.size() > std::size_t{1} << 30) {
      throw DatabaseError("PostgreSQL takes values up to 1 GiB", DatabaseError::Blame::content);
    }
    m_data.push_back(bytes.empty() ? "" : bytes.data());
    m_lengths.push_back(static_cast<int>(bytes.size()));
    m_formats.push_back(1);
  }

  std::vector<const char*> m_data;
  std::vector<int> m_lengths;
  std::vector<int> m_formats;
  std::vector<std::array<char, 8>> m_integers;
  std::vector<std::string> m_owned;
};

Parameters::Parameters(const Value* values, std::size_t count, const std::vector<Oid>& types,
                       std::string_view sql) {
  m_data.reserve(count + 1);
  m_integers.reserve(count);  // both may not move: m_data points into them
  m_owned.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    if (const auto* integer = std::get_if<std::int64_t>(&values[i])) {
      if (types[i] == oid_int8) {
        auto& bytes = m_integers.emplace_back();
        for (std::size_t b = 0; b < 8; ++b) {
          bytes[b] = static_cast<char>(static_cast<std::uint64_t>(*integer) >> (56 - 8 * b) & 0xFF);
        }
        add_binary({bytes.data(), bytes.size()});
      } else {
        add_text(std::to_string(*integer));
      }
    } else if (const auto* text = std::get_if<std::string_view>(&values[i])) {
      check_text(*text, sql);
      if (types[i] == oid_text) {
        add_binary(*text);
      } else {
        add_text(std::string(*text));
      }
    } else if (const auto* blob = std::get_if<Blob>(&values[i])) {
      if (types[i] != oid_bytea) {
        throw DatabaseError("bytes were bound where there are none: " + quote_sql(sql));
      }
      add_binary(blob->bytes);
    } else if (const auto* real = std::get_if<double>(&values[i])) {
      add_text(fmt::format("{}", *real));
    } else {
      m_data.push_back(nullptr);
      m_lengths.push_back(0);
      m_formats.push_back(0);
    }
  }
}

Oid type_of(const Value& value) {
  static constexpr std::array<Oid, 5> types = {oid_unknown, oid_int8, oid_float8, oid_text,
                                               oid_bytea};
  return types[value.index()];
}

class PgDatabase final : public Database {
 public:
  explicit PgDatabase(std::string_view url);
  Engine engine() const override { return Engine::postgresql; }
  void execute_script(std::string_view sql) override;

 protected:
  std::int64_t run(std::string_view sql, const Value* values, std::size_t count,
                   RowCallback callback, void* context) override;

 private:
  struct Prepared {
    std::string name;
    std::vector<Oid> types;
  };

  PgResult check(PGresult* raw, std::string_view sql) const;
  void set_up();
  void reconnect_if_lost();
  const Prepared& prepared(std::string_view sql, const Value* values, std::size_t count);
  void forget_statements();

  std::unique_ptr<PGconn, ConnectionCloser> m_connection;
  std::unordered_map<std::string, Prepared, TextHash, std::equal_to<>> m_statements;
  std::uint64_t m_names = 0;
};

namespace {

// libpq's text has several lines; it names host and user, never the password.
std::string words_of(const PGconn* connection) {
  return escape_terminal(collapse_whitespace(PQerrorMessage(connection)));
}

}  // namespace

PgDatabase::PgDatabase(std::string_view url) : m_connection(PQconnectdb(std::string(url).c_str())) {
  if (PQstatus(m_connection.get()) != CONNECTION_OK) {
    throw DatabaseError("cannot open the PostgreSQL store: " + words_of(m_connection.get()));
  }
  set_up();
}

void PgDatabase::set_up() {
  PQsetNoticeProcessor(m_connection.get(), [](void*, const char*) {}, nullptr);
  check(PQexec(m_connection.get(),
               "SET client_encoding = 'UTF8'; SET standard_conforming_strings = on;"
               "SET bytea_output = 'hex'; SET TimeZone = 'UTC'; SET client_min_messages = warning;"
               "SET application_name = 'patchmill'"),
        "SET …");
  if (std::string_view(PQparameterStatus(m_connection.get(), "server_encoding")) != "UTF8") {
    throw DatabaseError(
        "the PostgreSQL database does not keep UTF-8; create it with ENCODING 'UTF8'");
  }
}

void PgDatabase::reconnect_if_lost() {
  // Within a transaction the loss must be seen by the caller: half of it is gone.
  if (PQstatus(m_connection.get()) == CONNECTION_OK) {
    return;
  }
  m_statements.clear();
  PQreset(m_connection.get());
  if (PQstatus(m_connection.get()) != CONNECTION_OK) {
    throw DatabaseError("the connection to the PostgreSQL store is lost: " +
                        words_of(m_connection.get()));
  }
  set_up();
}

namespace {

// By the classes of PostgreSQL's appendix A: data, integrity, syntax and access, program limits.
DatabaseError::Blame blame_of(const char* sqlstate) {
  const std::string_view state = sqlstate != nullptr ? sqlstate : "";
  const std::string_view kind = state.substr(0, 2);
  return kind == "22" || kind == "23" || kind == "42" || kind == "54"
             ? DatabaseError::Blame::content
             : DatabaseError::Blame::store;
}

}  // namespace

PgResult PgDatabase::check(PGresult* raw, std::string_view sql) const {
  PgResult result(raw);
  const auto status = PQresultStatus(result.get());
  if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK && status != PGRES_EMPTY_QUERY) {
    // The whole text would quote the statement.
    const char* primary = PQresultErrorField(result.get(), PG_DIAG_MESSAGE_PRIMARY);
    const std::string words =
        ellipsize(primary != nullptr ? escape_terminal(collapse_whitespace(primary))
                                     : words_of(m_connection.get()),
                  500);
    note_refused(sql, words);
    const char* state = PQresultErrorField(result.get(), PG_DIAG_SQLSTATE);
    constexpr std::string_view disk_full = "53100";
    throw DatabaseError(
        fmt::format(
            "cannot use the PostgreSQL store: {}{}", words,
            state != nullptr && state == disk_full ? "; make room on the disk of its server" : ""),
        blame_of(state));
  }
  return result;
}

void PgDatabase::forget_statements() {
  check(PQexec(m_connection.get(), "DEALLOCATE ALL"), "DEALLOCATE ALL");
  m_statements.clear();
}

void PgDatabase::execute_script(std::string_view sql) {
  check(PQexec(m_connection.get(), std::string(sql).c_str()), sql);
  forget_statements();  // their plans may speak of tables that have changed
}

const PgDatabase::Prepared& PgDatabase::prepared(std::string_view sql, const Value* values,
                                                 std::size_t count) {
  if (const auto it = m_statements.find(sql); it != m_statements.end()) {
    return it->second;
  }
  if (m_statements.size() >= max_cached_statements) {
    forget_statements();
  }
  Prepared made;
  made.name = fmt::format("s{}", ++m_names);
  for (std::size_t i = 0; i < count; ++i) {
    made.types.push_back(type_of(values[i]));
  }
  check(PQprepare(m_connection.get(), made.name.c_str(), number_placeholders(sql).c_str(),
                  static_cast<int>(count), made.types.data()),
        sql);
  if (count > 0) {
    // What the server made of the values that were NULL the first time.
    const auto described = check(PQdescribePrepared(m_connection.get(), made.name.c_str()), sql);
    made.types.resize(static_cast<std::size_t>(PQnparams(described.get())));
    for (std::size_t i = 0; i < made.types.size(); ++i) {
      made.types[i] = PQparamtype(described.get(), static_cast<int>(i));
    }
  }
  return m_statements.emplace(std::string(sql), std::move(made)).first->second;
}

std::int64_t PgDatabase::run(std::string_view sql, const Value* values, std::size_t count,
                             RowCallback callback, void* context) {
  if (!in_transaction()) {
    reconnect_if_lost();
  }
  const auto& statement = prepared(sql, values, count);
  if (statement.types.size() != count) {
    throw DatabaseError(fmt::format("{} values for: {}", count, quote_sql(sql)));
  }
  const Parameters parameters(values, count, statement.types, sql);
  const auto result =
      check(PQexecPrepared(m_connection.get(), statement.name.c_str(), static_cast<int>(count),
                           parameters.data(), parameters.lengths(), parameters.formats(), 0),
            sql);
  const std::string_view tag = PQcmdStatus(result.get());
  if (sql == "COMMIT" && tag == "ROLLBACK") {
    throw DatabaseError("the PostgreSQL store rolled back: a statement of the transaction failed");
  }
  PgRow row(result.get());
  for (int i = 0; callback != nullptr && i < PQntuples(result.get()); ++i) {
    row.move_to(i);
    callback(context, row);
  }
  if (!tag.starts_with("INSERT") && !tag.starts_with("UPDATE") && !tag.starts_with("DELETE")) {
    return 0;
  }
  return static_cast<std::int64_t>(parse_uint(PQcmdTuples(result.get())).value_or(0));
}

}  // namespace

std::unique_ptr<Database> open_postgresql(std::string_view url) {
  return std::make_unique<PgDatabase>(url);
}

}  // namespace patchmill::store::detail
