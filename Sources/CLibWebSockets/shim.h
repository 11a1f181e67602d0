#pragma once
#include <libwebsockets.h>

/* Macros that Swift cannot import. */
enum { cws_pre = LWS_PRE };
static const uint64_t cws_library_version_number = LWS_LIBRARY_VERSION_NUMBER;
