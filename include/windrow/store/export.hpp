#pragma once

#include <filesystem>
#include <ostream>

#include "windrow/store/nested.hpp"
#include "windrow/store/row_selection.hpp"
#include "windrow/store/store.hpp"

namespace [[gnu::visibility("default")]] windrow {

/// What becomes of bytes of texts that programs would stumble over.
enum class CsvBytes {
  escaped,  ///< the file is UTF-8: bytes that are not, and control characters but tabs and line ends, are "\xe9",
            ///< "\x1b"
  raw       ///< all as the programs printed them
};

/// Results as CSV (RFC 4180, lines end in "\n"): index, the parameters, the outputs, status (`ok` or the kind of
/// failure), in index order; numbers read back exactly. A failed point keeps its parameters; its numeric outputs are
/// NaN, its others empty. An array is named by its file below the store's directory, "arrays/field/17.npy". The bytes
/// depend on the results alone, not on how many ranks computed them, or when.
void export_csv(const StoreReader& store, std::ostream& out, CsvBytes bytes);
void export_csv(const StoreReader& store, std::ostream& out);  // escaped

/// Names, roles, units, types and descriptions of the columns of export_csv, as CSV.
void export_columns_csv(const StoreReader& store, std::ostream& out);

/// How each point was evaluated, as CSV: index, status, attempts, rank, host, started (seconds since the Unix epoch),
/// elapsed (seconds), code, message.
void export_evaluations_csv(const StoreReader& store, std::ostream& out, CsvBytes bytes);
void export_evaluations_csv(const StoreReader& store, std::ostream& out);  // escaped

/// The same of several stores in one table, with a column for each loop before the index. What a store has no column
/// for is empty. Arrays are named by their files below the common directory.
void export_csv(const NestedReader& stores, std::ostream& out, CsvBytes bytes);
void export_csv(const NestedReader& stores, std::ostream& out);  // escaped
void export_columns_csv(const NestedReader& stores, std::ostream& out);
void export_evaluations_csv(const NestedReader& stores, std::ostream& out, CsvBytes bytes);
void export_evaluations_csv(const NestedReader& stores, std::ostream& out);  // escaped

/// The same of some rows and columns. Unlike export_csv() of one store it reads evaluations, too.
void export_csv(const SelectedRows& rows, std::ostream& out, CsvBytes bytes);
void export_columns_csv(const SelectedRows& rows, std::ostream& out);

}  // namespace windrow
