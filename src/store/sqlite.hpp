#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "windrow/error.hpp"

struct sqlite3;
struct sqlite3_stmt;

/// The few things that the store needs of SQLite, with errors as StoreError.
///
/// A connection must not be used across fork(): in a copied child, destructors here do nothing (on purpose, what they
/// would free is lost), since closing would tell the file system that the parent is done with the file.
namespace windrow::detail {

/// A StoreError that SQLite reported.
class SqliteError : public StoreError {
 public:
  SqliteError(const std::string& what, int code) : StoreError(what), code_(code) {}
  /// Whether the file, or one that SQLite needs beside it, could not be opened or written for want of permission.
  bool is_access() const;

 private:
  int code_;
};

class Connection {
 public:
  enum class Mode {
    write,   ///< creates the file if need be
    read,    ///< never creates, never changes a row
    frozen,  ///< for a file that nobody writes, in a place that cannot be written: takes no lock, sees no journal
  };

  /// @throws StoreError
  Connection(const std::filesystem::path& file, Mode mode);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// Runs statements, leaving out rows that they give.
  void execute(const std::string& sql);
  /// The first column of the first row.
  /// @throws StoreError also if there is no row
  std::int64_t integer(const std::string& sql);
  std::string text(const std::string& sql);

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
  Statement& bind_null(int parameter);
  Statement& bind_blob(int parameter, std::string_view value);  ///< copied

  /// True with a row, false when done; done, it can be bound and run again.
  bool step();
  /// Runs to the end.
  void run();
  /// Gives up the rows that are left.
  void reset();

  enum class Type { integer, real, text, blob, null };
  Type type(int column) const;
  std::int64_t integer(int column) const;
  double real(int column) const;  ///< NaN for NULL
  std::string text(int column) const;

 private:
  void check(int code) const;

  Connection& connection_;
  sqlite3_stmt* handle_ = nullptr;
};

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
