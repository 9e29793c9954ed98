// A small binding to ONNX Runtime's C interface, whose library is opened at run time.
//
// The interface is a table of function pointers; this target calls its entries by slot number and declares their
// shapes itself, so that neither building nor linking Strata needs anything of ONNX Runtime's.
//
// A function that can fail returns NULL on success or else a message, to be freed with strata_onnx_free.
// The library is never unloaded: its threads and thread-local destructors outlive any owner.

#ifndef STRATA_ONNX_H
#define STRATA_ONNX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// The version of the table that is asked for, the lowest that holds every slot in use.
#define STRATA_ONNX_API_VERSION 16
#define STRATA_ONNX_RANK_MAX 8

// Element types by ONNX Runtime's numbers; the others are passed through unnamed.
enum { STRATA_ONNX_FLOAT32 = 1, STRATA_ONNX_INT64 = 7, STRATA_ONNX_FLOAT16 = 10 };

typedef struct StrataOnnxLibrary StrataOnnxLibrary;
typedef struct StrataOnnxSession StrataOnnxSession;

// Opens the library; `version` borrows its own version string, such as "1.31.1".
char *strata_onnx_open(const char *path, StrataOnnxLibrary **library, const char **version);
// Makes the process's one environment; call it once, after the version was found good.
char *strata_onnx_start(StrataOnnxLibrary *library);

typedef struct {
    int intra_op_threads;  // 1 runs on the calling thread
    bool spinning;         // whether idle pool threads burn cycles while they wait
} StrataOnnxSessionOptions;

char *strata_onnx_session_create(StrataOnnxLibrary *library, const char *model_path, StrataOnnxSessionOptions options,
                                 StrataOnnxSession **session);
void strata_onnx_session_free(StrataOnnxSession *session);

// One input or output as the graph declares it. An open dimension is -1. `name` is the session's.
typedef struct {
    const char *name;
    int element_type;  // 0 for a value that is no tensor
    size_t rank;
    int64_t dimensions[STRATA_ONNX_RANK_MAX];
} StrataOnnxValueInfo;

size_t strata_onnx_input_count(const StrataOnnxSession *session);
size_t strata_onnx_output_count(const StrataOnnxSession *session);
char *strata_onnx_input(const StrataOnnxSession *session, size_t index, StrataOnnxValueInfo *info);
char *strata_onnx_output(const StrataOnnxSession *session, size_t index, StrataOnnxValueInfo *info);

// A tensor that a run has made; its data belongs to ONNX Runtime until the result is freed.
typedef struct {
    void *value;
    const void *data;
    int element_type;
    size_t rank;
    int64_t dimensions[STRATA_ONNX_RANK_MAX];
} StrataOnnxResult;

// A tensor that a run reads: `size_bytes` bytes at `data`, which is not NULL even for a tensor without elements.
typedef struct {
    const void *data;
    size_t size_bytes;
    int element_type;
    size_t rank;
    int64_t dimensions[STRATA_ONNX_RANK_MAX];
} StrataOnnxInput;

// Runs the graph on its inputs, in the graph's order, and gives one output.
// Thread-safe: any number of runs of one session may be under way.
char *strata_onnx_run(const StrataOnnxSession *session, const StrataOnnxInput *inputs, size_t output,
                      StrataOnnxResult *result);
void strata_onnx_result_free(const StrataOnnxSession *session, StrataOnnxResult *result);

void strata_onnx_free(void *message);

#endif
