// What the two halves of the binding share.

#ifndef STRATA_ONNX_INTERNAL_H
#define STRATA_ONNX_INTERNAL_H

#include "strata_onnx.h"

// Slots of the function table, counted from 0. The table only ever grows, so a number never changes its meaning.
enum {
    SLOT_GET_ERROR_CODE = 1,
    SLOT_GET_ERROR_MESSAGE = 2,
    SLOT_CREATE_ENV = 3,
    SLOT_DISABLE_TELEMETRY_EVENTS = 6,
    SLOT_CREATE_SESSION = 7,
    SLOT_RUN = 9,
    SLOT_CREATE_SESSION_OPTIONS = 10,
    SLOT_SET_SESSION_LOG_SEVERITY_LEVEL = 22,
    SLOT_SET_GRAPH_OPTIMIZATION_LEVEL = 23,
    SLOT_SET_INTRA_OP_THREADS = 24,
    SLOT_SET_INTER_OP_THREADS = 25,
    SLOT_SESSION_GET_INPUT_COUNT = 30,
    SLOT_SESSION_GET_OUTPUT_COUNT = 31,
    SLOT_SESSION_GET_INPUT_TYPE_INFO = 33,
    SLOT_SESSION_GET_OUTPUT_TYPE_INFO = 34,
    SLOT_SESSION_GET_INPUT_NAME = 36,
    SLOT_SESSION_GET_OUTPUT_NAME = 37,
    SLOT_CREATE_TENSOR_WITH_DATA = 49,
    SLOT_GET_TENSOR_MUTABLE_DATA = 51,
    SLOT_CAST_TYPE_INFO_TO_TENSOR_INFO = 55,
    SLOT_GET_TENSOR_ELEMENT_TYPE = 60,
    SLOT_GET_DIMENSIONS_COUNT = 61,
    SLOT_GET_DIMENSIONS = 62,
    SLOT_GET_TENSOR_TYPE_AND_SHAPE = 65,
    SLOT_CREATE_CPU_MEMORY_INFO = 69,
    SLOT_ALLOCATOR_FREE = 76,
    SLOT_GET_DEFAULT_ALLOCATOR = 78,
    SLOT_RELEASE_STATUS = 93,
    SLOT_RELEASE_SESSION = 95,
    SLOT_RELEASE_VALUE = 96,
    SLOT_RELEASE_TYPE_INFO = 98,
    SLOT_RELEASE_TENSOR_TYPE_AND_SHAPE_INFO = 99,
    SLOT_RELEASE_SESSION_OPTIONS = 100,
    SLOT_ADD_SESSION_CONFIG_ENTRY = 130,
};

typedef void Status;  // NULL means success

struct StrataOnnxLibrary {
    void *const *table;
    const void *(*get_api)(uint32_t);
    void *environment;
    void *memory_info;  // CPU memory, shared by all input tensors
    void *allocator;    // borrowed from the library
};

// The table's entry at a slot, as a function of the given type.
#define CALL(library, slot, type) ((type)(library)->table[slot])

// A message of our own for a failed call, or NULL; releases the status either way.
char *strata_onnx_take(const StrataOnnxLibrary *library, Status *status);
// A copy of a string that the caller may free.
char *strata_onnx_message(const char *text);

#endif
