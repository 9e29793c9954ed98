#include "keyword_rank.h"

#include <string.h>

// Scores must be those of the same formula in Swift to the last bit, so no multiply and add may be fused.
#pragma STDC FP_CONTRACT OFF

static void bm25(const Fts5ExtensionApi *api, Fts5Context *fts, sqlite3_context *context, int count,
                 sqlite3_value **values) {
    int phraseCount = api->xPhraseCount(fts);
    if (count != 4 || sqlite3_value_bytes(values[0]) != phraseCount * (int)sizeof(double)) {
        sqlite3_result_error(context, "strata_bm25 takes one weight a phrase, lengthMean, k1 and b", -1);
        return;
    }
    const char *weights = sqlite3_value_blob(values[0]);
    double lengthMean = sqlite3_value_double(values[1]);
    double k1 = sqlite3_value_double(values[2]);
    double b = sqlite3_value_double(values[3]);

    int length = 0;
    int rc = api->xColumnSize(fts, -1, &length);
    double norm = k1 * (1 - b + b * length / lengthMean);
    double score = 0;
    for (int phrase = 0; rc == SQLITE_OK && phrase < phraseCount; phrase++) {
        Fts5PhraseIter iterator;
        int column, offset, frequency = 0;
        rc = api->xPhraseFirst(fts, phrase, &iterator, &column, &offset);
        while (rc == SQLITE_OK && column >= 0) {
            frequency++;
            api->xPhraseNext(fts, &iterator, &column, &offset);
        }
        if (frequency > 0) {
            double weight;
            memcpy(&weight, weights + phrase * (int)sizeof(double), sizeof(double));
            score += weight * (frequency * (k1 + 1) / (frequency + norm));
        }
    }
    if (rc == SQLITE_OK) {
        sqlite3_result_double(context, score);
    } else {
        sqlite3_result_error_code(context, rc);
    }
}

int strata_keyword_rank_register(sqlite3 *connection) {
    fts5_api *api = 0;
    sqlite3_stmt *statement = 0;
    int rc = sqlite3_prepare_v2(connection, "SELECT fts5(?1)", -1, &statement, 0);
    if (rc != SQLITE_OK) {
        return rc;
    }
    rc = sqlite3_bind_pointer(statement, 1, &api, "fts5_api_ptr", 0);
    if (rc == SQLITE_OK) {
        sqlite3_step(statement);
    }
    int finalized = sqlite3_finalize(statement);
    if (rc != SQLITE_OK || finalized != SQLITE_OK) {
        return rc != SQLITE_OK ? rc : finalized;
    }
    if (!api) {
        return SQLITE_ERROR;
    }
    return api->xCreateFunction(api, "strata_bm25", 0, bm25, 0);
}
