#include "store/snapshot.hpp"

#include "store/embedded_migrations.hpp"
#include "store/migrations.hpp"
#include "util/fd.hpp"
#include "util/log.hpp"
#include "util/text.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <optional>
#include <vector>

namespace patchmill::store {
namespace {

namespace fs = std::filesystem;

bool is_postgresql(std::string_view url) {
  return url.starts_with("postgresql://") || url.starts_with("postgres://");
}

// A password has no place among the arguments of a program, where every user sees it.
struct Login {
  std::string url, password;
};

std::optional<std::string> percent_decode(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    unsigned value = 0;
    for (const char c : text.substr(i + 1, 2)) {
      const int digit = c >= '0' && c <= '9'   ? c - '0'
                        : c >= 'a' && c <= 'f' ? c - 'a' + 10
                        : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                               : -1;
      if (digit < 0) {
        return std::nullopt;
      }
      value = value * 16 + static_cast<unsigned>(digit);
    }
    if (i + 2 >= text.size()) {
      return std::nullopt;
    }
    out += static_cast<char>(value);
    i += 2;
  }
  return out;
}

Result<Login> split_login(std::string_view url) {
  Login login{std::string(url), ""};
  const auto start = url.find("://") + 3;
  const auto authority = url.substr(start, url.find('/', start) - start);
  const auto at = authority.rfind('@');
  const auto colon = authority.substr(0, at).find(':');
  if (at == std::string_view::npos || colon == std::string_view::npos) {
    return login;
  }
  const auto password = percent_decode(authority.substr(colon + 1, at - colon - 1));
  if (!password) {
    return fail(ErrorKind::invalid, "the password of the store cannot be decoded");
  }
  login.password = *password;
  login.url.erase(start + colon, at - colon);
  return login;
}

Result<void> run_tool(const std::string& tool, std::vector<std::string> arguments,
                      const Login& login, ProcessRunner& processes) {
  if (!find_program(tool)) {
    return fail(ErrorKind::infrastructure,
                fmt::format("{} is not installed, and the store is in PostgreSQL; run: apt-get "
                            "install postgresql-client (of the server's version or newer)",
                            tool));
  }
  Command command;
  command.argv = {tool};
  command.argv.insert(command.argv.end(), arguments.begin(), arguments.end());
  command.timeout = std::chrono::hours(24);
  command.max_output = 64u << 10;
  command.merge_stderr = true;
  if (!login.password.empty()) {
    command.env["PGPASSWORD"] = login.password;
  }
  PM_TRY_ASSIGN(const auto done, processes.run(command));
  if (!done.ok()) {
    return fail(ErrorKind::infrastructure,
                fmt::format("{} failed: {}", tool,
                            ellipsize(escape_terminal(trim(mend_utf8(done.out))), 1000)));
  }
  return {};
}

Result<void> sync_file(const fs::path& file) {
  const Fd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.valid() || ::fsync(fd.get()) != 0) {
    return fail(ErrorKind::infrastructure,
                fmt::format("cannot write {}: {}", escape_terminal(file.string()),
                            std::generic_category().message(errno)));
  }
  return {};
}

using Tables =
    std::map<std::int64_t, std::string>;  // quoted names, by what no other table ever has

// Of the current schema, and this user's.
Tables own_tables(Database& database) {
  Tables tables;
  for (const auto& [oid, name] : database.rows<std::int64_t, std::string>(
           "SELECT CAST(c.oid AS BIGINT), quote_ident(c.relname) FROM pg_class c JOIN pg_namespace "
           "n ON n.oid = c.relnamespace WHERE c.relkind = 'r' AND n.nspname = current_schema() AND "
           "pg_get_userbyid(c.relowner) = current_user AND NOT EXISTS (SELECT 1 FROM pg_depend d "
           "WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')")) {
    tables.emplace(oid, name);
  }
  return tables;
}

bool is_of_a_migration(const std::string& table) {
  const auto all = embedded_migrations();
  return std::any_of(all.begin(), all.end(), [&](const EmbeddedMigration& migration) {
    return migration.sql.find("CREATE TABLE " + table + " (") != std::string_view::npos;
  });
}

// What a dump does not have it does not replace either: tables of migrations after it, which would
// be in the way of these migrations.
void drop_left_tables(Database& database, const Tables& before, bool was_newer) {
  const Tables now = own_tables(database);
  std::vector<std::string> left;
  for (const auto& [oid, name] : before) {
    // A table of the dump was made anew.
    if (now.contains(oid) && (was_newer || is_of_a_migration(name))) {
      left.push_back(name);
    }
  }
  if (left.empty()) {
    return;
  }
  database.execute_script("DROP TABLE " + join(left, ", "));
  log::warning("dropped tables that the backup does not have: {}", join(left, ", "));
}

}  // namespace

Result<void> write_snapshot(std::string_view url, const fs::path& file, ProcessRunner& processes) {
  std::error_code error;
  if (fs::exists(file, error)) {
    return fail(ErrorKind::conflict, escape_terminal(file.string()) + " exists already");
  }
  if (!is_postgresql(url)) {
    if (!fs::exists(std::string(url), error)) {
      return fail(ErrorKind::not_found, fmt::format("there is no store {}", escape_terminal(url)));
    }
    try {
      Database::open(url)->exec("VACUUM INTO ?", file.string());
    } catch (const DatabaseError& problem) {
      return fail(ErrorKind::infrastructure, problem.what());
    }
    return sync_file(file);
  }
  PM_TRY_ASSIGN(const Login login, split_login(url));
  std::string schema;
  try {
    schema = schema_name(*Database::open(url));
  } catch (const DatabaseError& problem) {
    return fail(ErrorKind::infrastructure, problem.what());
  }
  PM_TRY(
      run_tool("pg_dump",
               {"--format=custom", "--no-owner", "--no-privileges", "--no-password",
                "--schema=\"" + schema + "\"", "--file=" + file.string(), "--dbname=" + login.url},
               login, processes));
  return sync_file(file);
}

std::string schema_name(Database& database) {
  return database.engine() == Engine::postgresql
             ? database.value<std::string>("SELECT COALESCE(current_schema(), '')")
             : std::string();
}

Result<void> load_dump(std::string_view url, const fs::path& file, bool replace,
                       ProcessRunner& processes) {
  PM_TRY_ASSIGN(const Login login, split_login(url));
  std::vector<std::string> arguments = {"--no-owner",      "--no-privileges",
                                        "--no-password",   "--single-transaction",
                                        "--exit-on-error", "--dbname=" + login.url};
  Tables before;
  int schema_before = 0;
  try {
    const auto database = Database::open(url);
    // The schema itself is there; only what is in it comes from the dump.
    arguments.push_back("--schema=" + schema_name(*database));
    if (replace) {
      before = own_tables(*database);
      schema_before = schema_of(*database);
    }
  } catch (const DatabaseError& problem) {
    return fail(ErrorKind::infrastructure, problem.what());
  }
  if (replace) {
    arguments.insert(arguments.end(), {"--clean", "--if-exists"});
  }
  arguments.push_back(file.string());
  PM_TRY(run_tool("pg_restore", std::move(arguments), login, processes));
  if (replace) {
    try {
      const auto database = Database::open(url);
      drop_left_tables(*database, before, schema_before > schema_of(*database));
    } catch (const DatabaseError& problem) {
      return fail(ErrorKind::infrastructure,
                  fmt::format("tables that the backup does not have cannot be dropped: {}; mend "
                              "that and restore again",
                              problem.what()));
    }
  }
  return {};
}

Result<void> check_sqlite_file(const fs::path& file) {
  try {
    const auto said = Database::open(file.string())->value<std::string>("PRAGMA quick_check(1)");
    if (said != "ok") {
      return fail(ErrorKind::invalid,
                  fmt::format("{} is damaged: {}", escape_terminal(file.string()), said));
    }
  } catch (const DatabaseError& problem) {
    return fail(ErrorKind::invalid, problem.what());
  }
  return {};
}

Result<void> settle_sqlite_file(const fs::path& file) {
  try {
    const auto database = Database::open(file.string());
    database->execute_script("PRAGMA busy_timeout = 1000;");
    const auto row =
        database->one<std::int64_t, std::int64_t, std::int64_t>("PRAGMA wal_checkpoint(TRUNCATE)");
    // Leaving WAL needs the file for itself alone: the proof that nobody has it open.
    const auto mode = database->value<std::string>("PRAGMA journal_mode = DELETE");
    if ((row && std::get<0>(*row) != 0) || mode != "delete") {
      return fail(ErrorKind::conflict,
                  fmt::format("{} is in use; stop what uses it", escape_terminal(file.string())));
    }
  } catch (const DatabaseError& problem) {
    return fail(ErrorKind::conflict, fmt::format("{}; stop what uses it", problem.what()));
  }
  return {};
}

}  // namespace patchmill::store
