#include "sqlite.hpp"

#include <errno.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <limits>
#include <system_error>

#include "row_hash.hpp"
#include "windrow/base/text.hpp"

namespace windrow::detail {
namespace {

/// How long to wait while another program (a reader, a checkpoint, a shell) holds the file.
constexpr int busy_milliseconds = 30000;

bool out_of_space(int code, int error_number) {
  return (code & 0xff) == SQLITE_FULL || error_number == ENOSPC || error_number == EDQUOT || error_number == EFBIG;
}

std::string_view advice(int code, int error_number) {
  if (error_number == EFBIG) {
    return "raise the file size limit (`ulimit -f`) and run again: what was committed is safe";
  }
  if (out_of_space(code, error_number)) {
    return "free some space (or raise the quota or file size limit, `ulimit -f`) and run again: what was committed is "
           "safe";
  }
  switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PROTOCOL:
      return "another program holds the file: close it and try again";
    case SQLITE_CORRUPT:
      return "the file is damaged: move it away and run again, or keep what is right of it by `windrow recover`";
    case SQLITE_NOTADB:
      return "this is not a results file, or it is damaged: move it away and run again, or keep what is right of "
             "it by `windrow recover`";
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return "check the permissions of the file and its directory, and whether it is mounted read-only";
    case SQLITE_CANTOPEN:
      return "check that the directory exists and that its permissions allow it";
    case SQLITE_IOERR:
      // At a commit SQLite does not keep the system's error; only a full disk has a code of its own.
      return "check free space, quota and file size limit (`ulimit -f`), and that the file system supports file locks; "
             "then run again: what was committed is safe";
    case SQLITE_TOOBIG:
      return "a text is larger than SQLite can hold (10^9 bytes)";
    case SQLITE_ERROR:
      return "the file was not written by windrow, or it is damaged: move it away and run again, or keep what is "
             "right of it by `windrow recover`";
    default:
      return {};
  }
}

[[noreturn]] void throw_error(const std::filesystem::path& file, int code, int error_number, std::string message) {
  // The system's own text only for errors that the system caused: errno is stale otherwise.
  const int primary = code & 0xff;
  const bool from_system = primary == SQLITE_IOERR || primary == SQLITE_FULL || primary == SQLITE_CANTOPEN;
  if (!from_system) error_number = 0;
  if (error_number != 0) message += fmt::format(" ({})", std::generic_category().message(error_number));
  const std::string_view what_to_do = advice(code, error_number);
  throw SqliteError(fmt::format("{}: {}{}{}", file.string(), message, what_to_do.empty() ? "" : "; ", what_to_do), code,
                    message);
}

/// The path as a URI, for the options that only a URI can carry.
std::string immutable_uri(const std::filesystem::path& file) {
  std::string uri = "file:";
  for (const char c : file.string()) {
    const bool special = c == '%' || c == '?' || c == '#';
    uri += special ? fmt::format("%{:02X}", static_cast<unsigned>(c)) : std::string(1, c);
  }
  return uri + "?immutable=1";
}

/// As the umask has it: SQLite itself would let the owner alone write. Its other files follow this one. (One that is
/// there is not opened: to close it would give up SQLite's locks.)
void create(const std::filesystem::path& file) {
  const int fd = ::open(file.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (fd >= 0) ::close(fd);  // if it cannot be made, SQLite says why
}

/// One that is open and can be read; -1: there is none. SQLite does not tell its own.
int descriptor_of(const std::filesystem::path& file) {
  struct stat wanted {};
  if (::stat(file.c_str(), &wanted) != 0) return -1;
  std::error_code error;
  for (std::filesystem::directory_iterator entry("/proc/self/fd", error), end; !error && entry != end;
       entry.increment(error)) {
    const auto number = text::parse_integer(entry->path().filename().string());
    struct stat found {};
    const int descriptor = number ? static_cast<int>(*number) : -1;
    const bool is_it =
        ::fstat(descriptor, &found) == 0 && found.st_dev == wanted.st_dev && found.st_ino == wanted.st_ino;
    if (is_it && (::fcntl(descriptor, F_GETFL) & O_ACCMODE) != O_WRONLY) return descriptor;
  }
  return -1;
}

std::string_view bytes_of(sqlite3_value* value) {
  const void* data = sqlite3_value_blob(value);
  return {static_cast<const char*>(data), data != nullptr ? static_cast<std::size_t>(sqlite3_value_bytes(value)) : 0};
}

void add(RowHash& hash, sqlite3_value* value) {
  switch (sqlite3_value_type(value)) {
    case SQLITE_INTEGER:
      return hash.add(static_cast<std::int64_t>(sqlite3_value_int64(value)));
    case SQLITE_FLOAT:
      return hash.add(sqlite3_value_double(value));
    case SQLITE_TEXT:
      return hash.add_text(bytes_of(value));
    case SQLITE_BLOB:
      return hash.add_blob(bytes_of(value));
    default:
      return hash.add_null();
  }
}

/// windrow_sum(salt, value, ...): see RowHash.
void sum_of_row(sqlite3_context* call, int count, sqlite3_value** values) {
  try {
    RowHash hash(count > 0 ? sqlite3_value_int64(values[0]) : 0);
    for (int i = 1; i < count; ++i) add(hash, values[i]);
    sqlite3_result_int64(call, hash.value());
  } catch (const std::bad_alloc&) {
    sqlite3_result_error_nomem(call);
  }
}

}  // namespace

bool SqliteError::is_damage() const {
  const int primary = code_ & 0xff;
  return primary == SQLITE_CORRUPT || primary == SQLITE_NOTADB || primary == SQLITE_ERROR;
}

bool SqliteError::is_access() const {
  const int primary = code_ & 0xff;
  return primary == SQLITE_CANTOPEN || primary == SQLITE_READONLY || primary == SQLITE_PERM;
}

Connection::Connection(const std::filesystem::path& file, Mode mode)
    : file_(mode == Mode::temporary ? file : std::filesystem::absolute(file)), owner_(getpid()) {
  const bool frozen = mode == Mode::frozen, temporary = mode == Mode::temporary;
  int flags = frozen ? SQLITE_OPEN_READONLY | SQLITE_OPEN_URI : SQLITE_OPEN_READWRITE;
  if (mode == Mode::write || temporary) flags |= SQLITE_OPEN_CREATE;
  flags |= SQLITE_OPEN_NOMUTEX;  // for one thread at a time; a lock for each value would cost more than the checksums
  const std::string name = temporary ? std::string() : frozen ? immutable_uri(file_) : file_.string();
  if (mode == Mode::write) create(file_);
  const int code = sqlite3_open_v2(name.c_str(), &handle_, flags | SQLITE_OPEN_EXRESCODE, nullptr);
  try {
    if (code != SQLITE_OK) fail(code);
    sqlite3_busy_timeout(handle_, busy_milliseconds);
    sqlite3_create_function_v2(handle_, "windrow_sum", -1, SQLITE_UTF8 | SQLITE_DETERMINISTIC, nullptr, &sum_of_row,
                               nullptr, nullptr, nullptr);
    // What is removed is overwritten: no row that was replaced is found in the ruins of a file (recover.cpp).
    // Views of users over tables that are renamed stay as they are, instead of making the next renaming fail.
    constexpr const char* to_write = "PRAGMA secure_delete = 1; PRAGMA legacy_alter_table = 1";
    if (!temporary) execute(mode == Mode::write ? to_write : "PRAGMA query_only = 1");
    if (mode == Mode::write) descriptor_ = descriptor_of(file_);
  } catch (...) {
    sqlite3_close(handle_);
    throw;
  }
}

Connection::~Connection() {
  if (is_owner()) sqlite3_close(handle_);
}

bool Connection::is_owner() const {
  return owner_ == getpid();
}

void Connection::require_owner() const {
  if (is_owner()) return;
  throw StoreError(
      fmt::format("{}: opened by process {}; a forked child must open it for itself", file_.string(), owner_));
}

void Connection::fail(int code) const {
  const char* message = handle_ != nullptr ? sqlite3_errmsg(handle_) : sqlite3_errstr(code);
  throw_error(file_, code, handle_ != nullptr ? sqlite3_system_errno(handle_) : 0, message);
}

void Connection::execute(const std::string& sql) {
  require_owner();
  const int code = sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) fail(code);
}

std::int64_t Connection::integer(const std::string& sql) {
  Statement statement(*this, sql);
  if (!statement.step()) throw_error(file_, SQLITE_CORRUPT, 0, fmt::format("no answer to `{}`", sql));
  return statement.integer(0);
}

std::string Connection::text(const std::string& sql) {
  Statement statement(*this, sql);
  if (!statement.step()) throw_error(file_, SQLITE_CORRUPT, 0, fmt::format("no answer to `{}`", sql));
  return statement.text(0);
}

bool Connection::read_file(char* bytes, std::size_t count, std::uint64_t at) const {
  require_owner();
  while (count > 0) {
    const ssize_t got = ::pread(descriptor_, bytes, count, static_cast<off_t>(at));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    bytes += got;
    count -= static_cast<std::size_t>(got);
    at += static_cast<std::uint64_t>(got);
  }
  return true;
}

int Connection::changes() const {
  return sqlite3_changes(handle_);
}

bool Connection::has_table(std::string_view name) {
  return integer(fmt::format("SELECT count(*) FROM sqlite_schema WHERE name = '{}'", name)) > 0;
}

Statement::Statement(Connection& connection, const std::string& sql) : connection_(connection) {
  connection.require_owner();
  check(sqlite3_prepare_v2(connection.handle_, sql.c_str(), static_cast<int>(sql.size()) + 1, &handle_, nullptr));
}

Statement::~Statement() {
  if (connection_.is_owner()) sqlite3_finalize(handle_);
}

void Statement::check(int code) const {
  if (code != SQLITE_OK) connection_.fail(code);
}

Statement& Statement::bind(int parameter, double value) {
  check(sqlite3_bind_double(handle_, parameter, value));
  return *this;
}

Statement& Statement::bind(int parameter, std::int64_t value) {
  check(sqlite3_bind_int64(handle_, parameter, value));
  return *this;
}

Statement& Statement::bind(int parameter, std::string_view value) {
  // A null pointer would bind NULL.
  const char* data = value.data() != nullptr ? value.data() : "";
  check(sqlite3_bind_text64(handle_, parameter, data, value.size(), SQLITE_TRANSIENT, SQLITE_UTF8));
  return *this;
}

Statement& Statement::bind_null(int parameter) {
  check(sqlite3_bind_null(handle_, parameter));
  return *this;
}

Statement& Statement::bind_blob(int parameter, std::string_view value) {
  check(sqlite3_bind_blob64(handle_, parameter, value.data(), value.size(), SQLITE_TRANSIENT));
  return *this;
}

bool Statement::step() {
  const int code = sqlite3_step(handle_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) {
    sqlite3_reset(handle_);
    return false;
  }
  try {
    connection_.fail(code);
  } catch (...) {
    sqlite3_reset(handle_);
    throw;
  }
}

void Statement::reset() {
  sqlite3_reset(handle_);
}

Statement::Type Statement::type(int column) const {
  static_assert(static_cast<int>(Type::integer) == SQLITE_INTEGER && static_cast<int>(Type::real) == SQLITE_FLOAT &&
                static_cast<int>(Type::text) == SQLITE_TEXT && static_cast<int>(Type::blob) == SQLITE_BLOB &&
                static_cast<int>(Type::null) == SQLITE_NULL);
  return static_cast<Type>(sqlite3_column_type(handle_, column));
}

void Statement::Value::add_to(RowHash& hash) const {
  switch (type) {
    case Type::integer:
      return hash.add(integer);
    case Type::real:
      return hash.add(real);
    case Type::text:
      return hash.add_text(bytes);
    case Type::blob:
      return hash.add_blob(bytes);
    case Type::null:
      return hash.add_null();
  }
}

Statement::Value Statement::value(int column) const {
  sqlite3_value* const held = sqlite3_column_value(handle_, column);
  Value value{static_cast<Type>(sqlite3_value_type(held))};
  switch (value.type) {
    case Type::integer:
      value.integer = sqlite3_value_int64(held);
      break;
    case Type::real:
      value.real = sqlite3_value_double(held);
      break;
    case Type::text:
    case Type::blob:
      value.bytes = bytes_of(held);
      break;
    case Type::null:
      break;
  }
  return value;
}

std::int64_t Statement::integer(int column) const {
  return sqlite3_column_int64(handle_, column);
}

double Statement::real(int column) const {
  if (type(column) == Type::null) return std::numeric_limits<double>::quiet_NaN();
  return sqlite3_column_double(handle_, column);
}

std::string Statement::text(int column) const {
  const void* data = sqlite3_column_blob(handle_, column);  // of a text: its bytes
  const int size = sqlite3_column_bytes(handle_, column);
  return data != nullptr ? std::string(static_cast<const char*>(data), static_cast<std::size_t>(size)) : std::string();
}

int Statement::columns() const {
  return sqlite3_column_count(handle_);
}

void Statement::copy_to(Statement& other, int column) const {
  other.check(sqlite3_bind_value(other.handle_, column + 1, sqlite3_column_value(handle_, column)));
}

void Statement::add_to(RowHash& hash, int column) const {
  add(hash, sqlite3_column_value(handle_, column));
}

Transaction::~Transaction() {
  if (connection_ == nullptr || !connection_->is_owner()) return;
  try {
    connection_->execute("ROLLBACK");
  } catch (const StoreError&) {
    // SQLite has rolled back by itself after the error that brought us here.
  }
}

void Transaction::commit() {
  connection_->execute("COMMIT");
  connection_ = nullptr;
}

}  // namespace windrow::detail
