// GET of a page from this machine.
#ifndef USHER_TESTS_TESTING_HTTP_GET_H_
#define USHER_TESTS_TESTING_HTTP_GET_H_

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "absl/strings/str_cat.h"

namespace usher {

// The whole answer with its headers, from 127.0.0.1:PORT; empty when nobody
// answers.
inline std::string HttpGet(const std::string& address,
                           const std::string& path) {
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  to.sin_port = htons(static_cast<uint16_t>(
      std::atoi(address.substr(address.rfind(':') + 1).c_str())));
  const int s = socket(AF_INET, SOCK_STREAM, 0);
  std::string answer;
  if (connect(s, reinterpret_cast<const sockaddr*>(&to), sizeof(to)) == 0) {
    const std::string request =
        absl::StrCat("GET ", path, " HTTP/1.0\r\nHost: ", address, "\r\n\r\n");
    send(s, request.data(), request.size(), MSG_NOSIGNAL);
    char bytes[4096];
    for (ssize_t n; (n = recv(s, bytes, sizeof(bytes), 0)) > 0;) {
      answer.append(bytes, static_cast<size_t>(n));
    }
  }
  close(s);
  return answer;
}

}  // namespace usher

#endif  // USHER_TESTS_TESTING_HTTP_GET_H_
