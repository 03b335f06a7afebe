#pragma once

#include <sys/types.h>

#include <concepts>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>

#include "windrow/error.hpp"

struct sqlite3;
struct sqlite3_stmt;

/// The few things that the store needs of SQLite, with errors as StoreError.
///
/// A connection must not be used across fork(): in a copied child, destructors here do nothing (on purpose, what they
/// would free is lost), since closing would tell the file system that the parent is done with the file.
namespace windrow::detail {

class RowHash;

/// A StoreError that SQLite reported.
class SqliteError : public StoreError {
 public:
  SqliteError(const std::string& what, int code, std::string message)
      : StoreError(what), code_(code), message_(std::move(message)) {}
  /// What SQLite said, without the file and what to do.
  const std::string& message() const { return message_; }
  /// Whether the file, or one that SQLite needs beside it, could not be opened or written for want of permission.
  bool is_access() const;
  /// Whether the file is not what SQLite wrote.
  bool is_damage() const;

 private:
  int code_;
  std::string message_;
};

class Connection {
 public:
  enum class Mode {
    write,      ///< creates the file if need be
    read,       ///< never creates, never changes a row
    frozen,     ///< for a file that nobody writes, in a place that cannot be written: takes no lock, sees no journal
    temporary,  ///< a file of its own that ends with the connection; the name is for messages alone
  };

  /// @throws StoreError
  Connection(const std::filesystem::path& file, Mode mode);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// Runs statements, leaving out rows that they give.
  void execute(const std::string& sql);
  /// Runs one statement with its parameters.
  template <typename... Values>
  void run(const std::string& sql, const Values&... values);
  /// Calls `on_row` with the statement at each row that it gives.
  template <typename OnRow, typename... Values>
  void for_each_row(const std::string& sql, OnRow on_row, const Values&... values);
  /// The first column of the first row.
  /// @throws StoreError also if there is no row
  std::int64_t integer(const std::string& sql);
  std::string text(const std::string& sql);
  bool has_table(std::string_view name);
  /// Reads from the file as it lies on the disk, by SQLite's own descriptor. (To open it once more would give up
  /// SQLite's locks.) Several threads may do that at once.
  /// @return whether so many bytes are there
  bool read_file(char* bytes, std::size_t count, std::uint64_t at) const;
  /// How many rows the last statement has added, changed or removed.
  int changes() const;

  const std::filesystem::path& file() const { return file_; }
  /// False in a forked child of the process that opened it.
  bool is_owner() const;
  /// @throws StoreError saying that the connection was opened by another process, if it was
  void require_owner() const;
  /// The error that SQLite reported last, of this code.
  [[noreturn]] void fail(int code) const;

 private:
  friend class Statement;
  std::filesystem::path file_;
  sqlite3* handle_ = nullptr;
  pid_t owner_;
  int descriptor_ = -1;  // SQLite's, of the file
};

/// A prepared statement. Parameters are numbered from 1, columns from 0, as SQLite does.
class Statement {
 public:
  Statement(Connection& connection, const std::string& sql);
  ~Statement();
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  Statement& bind(int parameter, double value);
  Statement& bind(int parameter, std::int64_t value);
  Statement& bind(int parameter, std::string_view value);  ///< copied
  template <std::integral Integer>
  Statement& bind(int parameter, Integer value) {
    return bind(parameter, static_cast<std::int64_t>(value));
  }
  Statement& bind_null(int parameter);
  Statement& bind_blob(int parameter, std::string_view value);  ///< copied

  /// True with a row, false when done; done, it can be bound and run again.
  bool step();
  /// Binds all parameters.
  template <typename... Values>
  Statement& with(const Values&... values) {
    int parameter = 0;
    (bind(++parameter, values), ...);
    return *this;
  }
  /// Binds all parameters, or leaves them as they are, and runs to the end.
  template <typename... Values>
  void run(const Values&... values) {
    with(values...);
    while (step()) {
    }
  }
  /// Gives up the rows that are left.
  void reset();

  enum class Type { integer = 1, real, text, blob, null };  // as SQLite numbers them
  /// A value as SQLite holds it, until the next step.
  struct Value {
    Type type = Type::null;
    std::int64_t integer = 0;
    double real = 0.0;
    std::string_view bytes{};  ///< of a text or a blob
    void add_to(RowHash& hash) const;
  };
  Value value(int column) const;
  Type type(int column) const;
  std::int64_t integer(int column) const;
  std::uint64_t count(int column) const { return static_cast<std::uint64_t>(integer(column)); }
  double real(int column) const;  ///< NaN for NULL
  std::string text(int column) const;
  int columns() const;
  void add_to(RowHash& hash, int column) const;
  /// Binds it as the parameter of the same place.
  void copy_to(Statement& other, int column) const;

 private:
  void check(int code) const;

  Connection& connection_;
  sqlite3_stmt* handle_ = nullptr;
};

template <typename... Values>
void Connection::run(const std::string& sql, const Values&... values) {
  Statement(*this, sql).run(values...);
}

template <typename OnRow, typename... Values>
void Connection::for_each_row(const std::string& sql, OnRow on_row, const Values&... values) {
  Statement select(*this, sql);
  select.with(values...);
  while (select.step()) on_row(std::as_const(select));
}

/// Gives up the rest of a statement's rows, however its reader leaves: as long as one is left, the file is locked.
class ResetAtEnd {
 public:
  explicit ResetAtEnd(Statement& statement) : statement_(statement) {}
  ~ResetAtEnd() { statement_.reset(); }
  ResetAtEnd(const ResetAtEnd&) = delete;
  ResetAtEnd& operator=(const ResetAtEnd&) = delete;

 private:
  Statement& statement_;
};

/// A transaction that is rolled back unless it is committed.
class Transaction {
 public:
  explicit Transaction(Connection& connection, const char* begin = "BEGIN") : connection_(&connection) {
    connection.execute(begin);
  }
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  void commit();

 private:
  Connection* connection_;
};

}  // namespace windrow::detail
