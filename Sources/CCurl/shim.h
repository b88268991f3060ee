#pragma once
// curl_easy_setopt and curl_easy_getinfo are variadic, which Swift cannot call. Each use has a typed wrapper here.
#include <curl/curl.h>

static inline CURLcode wattline_curl_set_long(CURL *handle, CURLoption option, long value) {
  return curl_easy_setopt(handle, option, value);
}
static inline CURLcode wattline_curl_set_offset(CURL *handle, CURLoption option, curl_off_t value) {
  return curl_easy_setopt(handle, option, value);
}
// libcurl copies strings given to it, except for CURLOPT_POSTFIELDS, which must outlive the transfer.
static inline CURLcode wattline_curl_set_string(CURL *handle, CURLoption option, const char *value) {
  return curl_easy_setopt(handle, option, value);
}
static inline CURLcode wattline_curl_set_pointer(CURL *handle, CURLoption option, const void *value) {
  return curl_easy_setopt(handle, option, value);
}
static inline CURLcode wattline_curl_set_list(CURL *handle, CURLoption option, struct curl_slist *value) {
  return curl_easy_setopt(handle, option, value);
}
// The same for data that libcurl asks for.
typedef size_t (*wattline_curl_write)(char *data, size_t size, size_t count, void *context);
static inline CURLcode wattline_curl_set_write(CURL *handle, CURLoption option, wattline_curl_write value) {
  return curl_easy_setopt(handle, option, value);
}
static inline CURLcode wattline_curl_get_long(CURL *handle, CURLINFO info, long *value) {
  return curl_easy_getinfo(handle, info, value);
}
static inline CURLcode wattline_curl_get_offset(CURL *handle, CURLINFO info, curl_off_t *value) {
  return curl_easy_getinfo(handle, info, value);
}
static inline CURLcode wattline_curl_get_socket(CURL *handle, curl_socket_t *value) {
  return curl_easy_getinfo(handle, CURLINFO_ACTIVESOCKET, value);
}
// The option lost an L with 8.2.0.
static inline CURLcode wattline_curl_allow_refused_recipients(CURL *handle) {
#if LIBCURL_VERSION_NUM >= 0x080200
  return curl_easy_setopt(handle, CURLOPT_MAIL_RCPT_ALLOWFAILS, 1L);
#else
  return curl_easy_setopt(handle, CURLOPT_MAIL_RCPT_ALLLOWFAILS, 1L);
#endif
}
// A progress callback that returns anything but 0 ends the transfer.
typedef int (*wattline_curl_progress)(
  void *context, curl_off_t down_total, curl_off_t down, curl_off_t up_total, curl_off_t up);
static inline CURLcode wattline_curl_set_progress(CURL *handle, wattline_curl_progress value, void *context) {
  CURLcode code = curl_easy_setopt(handle, CURLOPT_XFERINFODATA, context);
  if (code != CURLE_OK) return code;
  code = curl_easy_setopt(handle, CURLOPT_XFERINFOFUNCTION, value);
  return code != CURLE_OK ? code : curl_easy_setopt(handle, CURLOPT_NOPROGRESS, 0L);
}
static inline CURLcode wattline_curl_init(void) { return curl_global_init(CURL_GLOBAL_DEFAULT); }
