#pragma once
#include <libwebsockets.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

/* Macros that Swift cannot import. */
enum { cws_pre = LWS_PRE };
static const uint64_t cws_library_version_number = LWS_LIBRARY_VERSION_NUMBER;

/* Everything older than TLS 1.2. */
static const uint64_t cws_ssl_op_no_old_tls = SSL_OP_NO_SSLv3 | SSL_OP_NO_TLSv1 | SSL_OP_NO_TLSv1_1;
