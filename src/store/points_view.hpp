#pragma once

#include "sqlite.hpp"
#include "windrow/store/store.hpp"

/// The view `points` is for other programs: results under the study's own names, as an export has them. Windrow itself
/// never reads it.
namespace windrow::detail {

/// Makes it that of the study, where it is not. A table or view of this name that somebody else has made stays.
void renew_points_view(Connection& connection, const StudyIdentity& identity);
/// Before `results` gets another name, which the view would follow.
void drop_points_view(Connection& connection);

}  // namespace windrow::detail
