#include "sorted_texts.hpp"

#include <fmt/format.h>

#include <string>
#include <variant>

namespace windrow::detail {
namespace {

[[noreturn]] void throw_unsorted(const SqliteError& error) {
  throw StoreError(fmt::format(
      "the rows could not be sorted: {}; they are kept in the directory for temporary files meanwhile: free "
      "some space there, or name another directory in the environment as SQLITE_TMPDIR",
      error.message()));
}

/// What SQLite orders as the value: truth values as 0 and 1.
void bind_key(Statement& insert, const Value& key) {
  if (key.is_text()) {
    insert.bind(1, std::string_view(key.text()));
  } else if (const auto* whole = std::get_if<std::int64_t>(&key.variant())) {
    insert.bind(1, *whole);
  } else {
    insert.bind(1, key.number());
  }
}

}  // namespace

SortedTexts::SortedTexts(bool descending) : descending_(descending) {
  try {
    connection_.emplace("the temporary file", Connection::Mode::temporary);
    connection_->execute(
        "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; BEGIN;"
        "CREATE TABLE texts(number INTEGER PRIMARY KEY, key, text BLOB NOT NULL)");
    insert_.emplace(*connection_, "INSERT INTO texts(key, text) VALUES(?, ?)");
  } catch (const SqliteError& error) {
    throw_unsorted(error);
  }
}

void SortedTexts::add(const Value* key, std::string_view text) {
  try {
    key != nullptr ? bind_key(*insert_, *key) : static_cast<void>(insert_->bind_null(1));
    insert_->bind_blob(2, text);
    insert_->run();
  } catch (const SqliteError& error) {
    throw_unsorted(error);
  }
}

void SortedTexts::for_each(const std::function<bool(std::string_view)>& take) {
  try {
    Statement select(*connection_, fmt::format("SELECT text FROM texts ORDER BY key IS NULL, key{}, number",
                                               descending_ ? " DESC" : ""));
    while (select.step()) {
      if (!take(select.value(0).bytes)) return;
    }
  } catch (const SqliteError& error) {
    throw_unsorted(error);
  }
}

}  // namespace windrow::detail
