#ifndef KEYWORD_RANK_H
#define KEYWORD_RANK_H

#include <sqlite3.h>

/// Registers the FTS5 auxiliary function `strata_bm25` on a connection.
///
/// `strata_bm25(table, weights, lengthMean, k1, b)` is the BM25 score of the current row: the sum over the phrases of the
/// query of `weight * tf * (k1 + 1) / (tf + k1 * (1 - b + b * length / lengthMean))`. `weights` is a blob of one native
/// double a phrase, in the order of the query; the length is the number of tokens of the row.
///
/// Returns an SQLite result code; SQLITE_ERROR when the library was built without FTS5.
int strata_keyword_rank_register(sqlite3 *connection);

#endif
