#include <stdlib.h>
#include <string.h>

#include "onnx_internal.h"

enum { OPTIMIZE_ALL = 99, INPUT_COUNT_MAX = 512, LOGGING_FATAL = 4 };

struct StrataOnnxSession {
    const StrataOnnxLibrary *library;
    void *session;
    size_t input_count, output_count;
    char **names;  // inputs first, then outputs; copies of ours
};

static char *set_options(const StrataOnnxLibrary *library, void *options, StrataOnnxSessionOptions wanted) {
    typedef Status *(*SetNumber)(void *, int);
    typedef Status *(*SetEntry)(void *, const char *, const char *);
    const int numbers[][2] = {
        {SLOT_SET_INTRA_OP_THREADS, wanted.intra_op_threads},
        {SLOT_SET_INTER_OP_THREADS, 1},
        {SLOT_SET_GRAPH_OPTIMIZATION_LEVEL, OPTIMIZE_ALL},
        // Every failure comes back as a status, so that logging it as well would only repeat it.
        {SLOT_SET_SESSION_LOG_SEVERITY_LEVEL, LOGGING_FATAL},
    };
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        char *error = strata_onnx_take(library, CALL(library, numbers[i][0], SetNumber)(options, numbers[i][1]));
        if (error) return error;
    }
    return strata_onnx_take(library, CALL(library, SLOT_ADD_SESSION_CONFIG_ENTRY, SetEntry)(
                                         options, "session.intra_op.allow_spinning", wanted.spinning ? "1" : "0"));
}

static char *read_names(StrataOnnxSession *made) {
    typedef Status *(*Count)(const void *, size_t *);
    typedef Status *(*Name)(const void *, size_t, void *, char **);
    const StrataOnnxLibrary *library = made->library;
    size_t inputs = 0, outputs = 0;
    char *error = strata_onnx_take(library, CALL(library, SLOT_SESSION_GET_INPUT_COUNT, Count)(made->session, &inputs));
    if (!error) {
        error = strata_onnx_take(library, CALL(library, SLOT_SESSION_GET_OUTPUT_COUNT, Count)(made->session, &outputs));
    }
    if (error) return error;
    made->names = calloc(inputs + outputs + 1, sizeof *made->names);
    if (!made->names) abort();
    made->input_count = inputs;
    made->output_count = outputs;
    for (size_t i = 0; i < inputs + outputs; i++) {
        int slot = i < inputs ? SLOT_SESSION_GET_INPUT_NAME : SLOT_SESSION_GET_OUTPUT_NAME;
        char *name = NULL;
        error = strata_onnx_take(library, CALL(library, slot, Name)(made->session, i < inputs ? i : i - inputs,
                                                                    library->allocator, &name));
        if (error) return error;
        made->names[i] = strata_onnx_message(name);
        error = strata_onnx_take(
            library, CALL(library, SLOT_ALLOCATOR_FREE, Status * (*)(void *, void *))(library->allocator, name));
        if (error) return error;
    }
    return NULL;
}

char *strata_onnx_session_create(StrataOnnxLibrary *library, const char *model_path, StrataOnnxSessionOptions options,
                                 StrataOnnxSession **session) {
    typedef Status *(*CreateSession)(const void *, const char *, const void *, void **);
    void *settings = NULL;
    char *error =
        strata_onnx_take(library, CALL(library, SLOT_CREATE_SESSION_OPTIONS, Status * (*)(void **))(&settings));
    if (error) return error;
    void *handle = NULL;
    error = set_options(library, settings, options);
    if (!error) {
        error = strata_onnx_take(library, CALL(library, SLOT_CREATE_SESSION, CreateSession)(
                                              library->environment, model_path, settings, &handle));
    }
    CALL(library, SLOT_RELEASE_SESSION_OPTIONS, void (*)(void *))(settings);
    if (error) return error;

    StrataOnnxSession *made = calloc(1, sizeof *made);
    if (!made) abort();
    made->library = library;
    made->session = handle;
    error = read_names(made);
    if (error) {
        strata_onnx_session_free(made);
        return error;
    }
    *session = made;
    return NULL;
}

void strata_onnx_session_free(StrataOnnxSession *session) {
    CALL(session->library, SLOT_RELEASE_SESSION, void (*)(void *))(session->session);
    for (size_t i = 0; i < session->input_count + session->output_count; i++) free(session->names[i]);
    free(session->names);
    free(session);
}

size_t strata_onnx_input_count(const StrataOnnxSession *session) { return session->input_count; }
size_t strata_onnx_output_count(const StrataOnnxSession *session) { return session->output_count; }

// Element type, rank and dimensions out of a tensor's description.
static char *read_tensor_info(const StrataOnnxLibrary *library, const void *info, int *element_type, size_t *rank,
                              int64_t dimensions[STRATA_ONNX_RANK_MAX]) {
    char *error = strata_onnx_take(
        library, CALL(library, SLOT_GET_TENSOR_ELEMENT_TYPE, Status * (*)(const void *, int *))(info, element_type));
    if (error) return error;
    error = strata_onnx_take(
        library, CALL(library, SLOT_GET_DIMENSIONS_COUNT, Status * (*)(const void *, size_t *))(info, rank));
    if (error) return error;
    if (*rank > STRATA_ONNX_RANK_MAX) return strata_onnx_message("a tensor has more than 8 dimensions");
    return strata_onnx_take(library, CALL(library, SLOT_GET_DIMENSIONS, Status * (*)(const void *, int64_t *, size_t))(
                                         info, dimensions, *rank));
}

static char *read_value_info(const StrataOnnxSession *session, int slot, size_t index, const char *name,
                             StrataOnnxValueInfo *info) {
    const StrataOnnxLibrary *library = session->library;
    memset(info, 0, sizeof *info);
    info->name = name;
    void *type = NULL;
    char *error = strata_onnx_take(
        library, CALL(library, slot, Status * (*)(const void *, size_t, void **))(session->session, index, &type));
    if (error) return error;
    const void *tensor = NULL;  // borrowed from `type`; NULL for sequences and maps
    error = strata_onnx_take(
        library,
        CALL(library, SLOT_CAST_TYPE_INFO_TO_TENSOR_INFO, Status * (*)(const void *, const void **))(type, &tensor));
    if (!error && tensor) {
        error = read_tensor_info(library, tensor, &info->element_type, &info->rank, info->dimensions);
    }
    CALL(library, SLOT_RELEASE_TYPE_INFO, void (*)(void *))(type);
    return error;
}

char *strata_onnx_input(const StrataOnnxSession *session, size_t index, StrataOnnxValueInfo *info) {
    return read_value_info(session, SLOT_SESSION_GET_INPUT_TYPE_INFO, index, session->names[index], info);
}

char *strata_onnx_output(const StrataOnnxSession *session, size_t index, StrataOnnxValueInfo *info) {
    const char *name = session->names[session->input_count + index];
    return read_value_info(session, SLOT_SESSION_GET_OUTPUT_TYPE_INFO, index, name, info);
}

static char *read_result(const StrataOnnxLibrary *library, StrataOnnxResult *result) {
    void *data = NULL, *info = NULL;
    char *error = strata_onnx_take(
        library, CALL(library, SLOT_GET_TENSOR_MUTABLE_DATA, Status * (*)(void *, void **))(result->value, &data));
    if (error) return error;
    result->data = data;
    error = strata_onnx_take(library, CALL(library, SLOT_GET_TENSOR_TYPE_AND_SHAPE,
                                           Status * (*)(const void *, void **))(result->value, &info));
    if (error) return error;
    error = read_tensor_info(library, info, &result->element_type, &result->rank, result->dimensions);
    CALL(library, SLOT_RELEASE_TENSOR_TYPE_AND_SHAPE_INFO, void (*)(void *))(info);
    return error;
}

char *strata_onnx_run(const StrataOnnxSession *session, const StrataOnnxInput *inputs, size_t output,
                      StrataOnnxResult *result) {
    typedef Status *(*CreateTensor)(const void *, void *, size_t, const int64_t *, size_t, int, void **);
    typedef Status *(*Run)(void *, const void *, const char *const *, const void *const *, size_t, const char *const *,
                           size_t, void **);
    const StrataOnnxLibrary *library = session->library;
    memset(result, 0, sizeof *result);
    // A decoder of 100 layers takes a key and a value of each.
    if (session->input_count > INPUT_COUNT_MAX) return strata_onnx_message("a graph with more than 512 inputs");
    void *tensors[INPUT_COUNT_MAX] = {0};
    char *error = NULL;
    for (size_t i = 0; !error && i < session->input_count; i++) {
        // The tensor borrows the buffer for the time of the run and does not write to it.
        error = strata_onnx_take(
            library, CALL(library, SLOT_CREATE_TENSOR_WITH_DATA, CreateTensor)(
                         library->memory_info, (void *)inputs[i].data, inputs[i].size_bytes, inputs[i].dimensions,
                         inputs[i].rank, inputs[i].element_type, &tensors[i]));
    }
    if (!error) {
        const char *const *names = (const char *const *)session->names;
        error = strata_onnx_take(
            library, CALL(library, SLOT_RUN, Run)(session->session, NULL, names, (const void *const *)tensors,
                                                  session->input_count, names + session->input_count + output, 1,
                                                  &result->value));
    }
    for (size_t i = 0; i < session->input_count; i++) {
        if (tensors[i]) CALL(library, SLOT_RELEASE_VALUE, void (*)(void *))(tensors[i]);
    }
    if (!error) error = read_result(library, result);
    if (error) strata_onnx_result_free(session, result);
    return error;
}

void strata_onnx_result_free(const StrataOnnxSession *session, StrataOnnxResult *result) {
    if (result->value) CALL(session->library, SLOT_RELEASE_VALUE, void (*)(void *))(result->value);
    memset(result, 0, sizeof *result);
}
