#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "onnx_internal.h"

enum { LOGGING_ERROR = 3, ALLOCATOR_ARENA = 1, MEMORY_DEFAULT = 0 };

char *strata_onnx_message(const char *text) {
    char *copy = strdup(text ? text : "unknown error");
    if (!copy) abort();
    return copy;
}

char *strata_onnx_take(const StrataOnnxLibrary *library, Status *status) {
    if (!status) return NULL;
    int code = CALL(library, SLOT_GET_ERROR_CODE, int (*)(const Status *))(status);
    const char *text = CALL(library, SLOT_GET_ERROR_MESSAGE, const char *(*)(const Status *))(status);
    char *message = NULL;
    if (asprintf(&message, "%s (ONNX Runtime code %d)", text ? text : "no message", code) < 0) abort();
    CALL(library, SLOT_RELEASE_STATUS, void (*)(Status *))(status);
    return message;
}

char *strata_onnx_open(const char *path, StrataOnnxLibrary **library, const char **version) {
    void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!handle) return strata_onnx_message(dlerror());
    const void *const *(*get_base)(void) = (const void *const *(*)(void))dlsym(handle, "OrtGetApiBase");
    if (!get_base) return strata_onnx_message("it is a library, but not ONNX Runtime's: it lacks OrtGetApiBase");
    const void *const *base = get_base();
    StrataOnnxLibrary *opened = calloc(1, sizeof *opened);
    if (!opened) abort();
    opened->get_api = (const void *(*)(uint32_t))base[0];
    const char *(*get_version)(void) = (const char *(*)(void))base[1];
    *version = get_version();
    *library = opened;
    return NULL;
}

char *strata_onnx_start(StrataOnnxLibrary *library) {
    library->table = library->get_api(STRATA_ONNX_API_VERSION);
    if (!library->table) return strata_onnx_message("the library refuses the interface version that Strata asks for");
    // The default logger writes to stderr, never to stdout, which may be a protocol's channel.
    char *error = strata_onnx_take(library, CALL(library, SLOT_CREATE_ENV, Status * (*)(int, const char *, void **))(
                                                LOGGING_ERROR, "strata", &library->environment));
    if (error) return error;
    error = strata_onnx_take(
        library, CALL(library, SLOT_DISABLE_TELEMETRY_EVENTS, Status * (*)(const void *))(library->environment));
    if (error) return error;
    error = strata_onnx_take(library, CALL(library, SLOT_CREATE_CPU_MEMORY_INFO, Status * (*)(int, int, void **))(
                                          ALLOCATOR_ARENA, MEMORY_DEFAULT, &library->memory_info));
    if (error) return error;
    return strata_onnx_take(library,
                            CALL(library, SLOT_GET_DEFAULT_ALLOCATOR, Status * (*)(void **))(&library->allocator));
}

void strata_onnx_free(void *message) { free(message); }
