#pragma once
#include <libwebsockets.h>

// LWS_PRE is an expression, which Swift does not import.
static inline size_t wattline_lws_headroom(void) { return LWS_PRE; }
// These options are expressions too.
static inline uint64_t wattline_lws_listener_options(void) {
  return LWS_SERVER_OPTION_EXPLICIT_VHOSTS | LWS_SERVER_OPTION_FAIL_UPON_UNABLE_TO_BIND |
         LWS_SERVER_OPTION_DISABLE_OS_CA_CERTS;
}
static inline uint64_t wattline_lws_tls_options(void) { return LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT; }
static inline uint64_t wattline_lws_ipv4_option(void) { return LWS_SERVER_OPTION_DISABLE_IPV6; }
static inline uint64_t wattline_lws_fallback_option(void) {
  return LWS_SERVER_OPTION_FALLBACK_TO_APPLY_LISTEN_ACCEPT_CONFIG;
}
