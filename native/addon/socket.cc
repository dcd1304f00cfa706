// Unix sockets: the control socket, the notify socket, and passing file descriptors. unix(7), recvmsg(2), cmsg(3).
#include <cerrno>
#include <cstddef>
#include <cstring>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "addon/call.h"
#include "addon/crash.h"
#include "addon/exports.h"
#include "addon/in-hand.h"

namespace heartwood {

namespace {

struct Address {
  sockaddr_un address = {};
  socklen_t length = 0;
};

/// `@name` stands for the abstract name space. False when the path does not fit.
bool toAddress(const std::string& path, Address* result) {
  if (path.empty() || path.size() >= sizeof result->address.sun_path) return false;
  result->address.sun_family = AF_UNIX;
  memcpy(result->address.sun_path, path.data(), path.size());
  const bool isAbstract = path[0] == '@';
  if (isAbstract) result->address.sun_path[0] = '\0';
  result->length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size() + (isAbstract ? 0 : 1));
  return true;
}

napi_value closeWith(napi_env env, int fd, int error) {
  ::close(fd);
  return errnoValue(env, error);
}

/// A bound socket, or -1 with errno. The file gets its mode at birth: a chmod afterwards would leave a moment for the wrong peer.
int bindUnix(const std::string& path, mode_t mode, int type) {
  Address address;
  if (!toAddress(path, &address)) {
    errno = ENAMETOOLONG;
    return -1;
  }
  const int fd = ::socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return -1;
  const mode_t before = ::umask(~mode & 0777);
  const int result = ::bind(fd, reinterpret_cast<sockaddr*>(&address.address), address.length);
  const int error = errno;
  ::umask(before);
  if (result == 0) return fd;
  ::close(fd);
  errno = error;
  return -1;
}

napi_value fdList(napi_env env, const std::vector<int>& fds) {
  napi_value list;
  napi_create_array_with_length(env, fds.size(), &list);
  for (size_t i = 0; i < fds.size(); i++) napi_set_element(env, list, static_cast<uint32_t>(i), numberValue(env, fds[i]));
  return list;
}

struct Received {
  ssize_t bytes = -1;
  std::vector<int> fds;
  ucred sender = {};
  int flags = 0;
};

/// Sender and descriptors.
void readControl(msghdr& message, Received* received) {
  for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr; header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level != SOL_SOCKET) continue;
    if (header->cmsg_type == SCM_CREDENTIALS) memcpy(&received->sender, CMSG_DATA(header), sizeof received->sender);
    if (header->cmsg_type != SCM_RIGHTS) continue;
    const size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (size_t i = 0; i < count; i++) {
      int passed;
      memcpy(&passed, CMSG_DATA(header) + i * sizeof passed, sizeof passed);
      received->fds.push_back(passed);
    }
  }
}

Received receiveMessage(int fd, void* data, size_t length, ControlBuffer& control) {
  Received received;
  iovec part = {data, length};
  msghdr message = {};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.bytes;
  message.msg_controllen = sizeof control.bytes;
  do received.bytes = ::recvmsg(fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  while (received.bytes < 0 && errno == EINTR);
  if (received.bytes < 0) return received;
  received.flags = message.msg_flags;
  readControl(message, &received);
  return received;
}

napi_value notifyObject(napi_env env, const char* text, const Received& received) {
  napi_value result;
  napi_create_object(env, &result);
  setMember(env, result, "pid", received.sender.pid);
  setMember(env, result, "uid", received.sender.uid);
  setMember(env, result, "gid", received.sender.gid);
  setMember(env, result, "text", textValue(env, text, static_cast<size_t>(received.bytes)));
  setMember(env, result, "fds", fdList(env, received.fds));
  setMember(env, result, "truncated", booleanValue(env, (received.flags & (MSG_TRUNC | MSG_CTRUNC)) != 0));
  return result;
}

bool hasMessage(const InHand& hand) {
  size_t length;
  memcpy(&length, hand.control.bytes + offsetof(cmsghdr, cmsg_len), sizeof length);
  return length != 0;
}

/// The kernel's word on the length may not have come back.
ssize_t lengthInHand(const InHand& hand) {
  if (hand.notifyBytes >= 0) return static_cast<ssize_t>(hand.notifyBytes);
  size_t length = sizeof hand.text;
  while (length > 0 && hand.text[length - 1] == '\0') length--;
  return static_cast<ssize_t>(length);
}

/// The word of a kind of socket as a number; -1 when it is none of `words`.
int socketType(const std::string& kind) {
  if (kind == "stream") return SOCK_STREAM;
  if (kind == "datagram") return SOCK_DGRAM;
  if (kind == "seqpacket") return SOCK_SEQPACKET;
  return -1;
}

}  // namespace

napi_value unixListen(napi_env env, napi_callback_info info) {
  Call call(env, info, "unixListen", 3);
  const std::string path = call.text(0, "path");
  const auto mode = static_cast<mode_t>(call.integer(1, "mode", 0, 0777));
  const auto backlog = static_cast<int>(call.integer(2, "backlog", 0, 65535));
  if (!call.ok()) return nullptr;
  const int fd = bindUnix(path, mode, SOCK_STREAM);
  if (fd < 0) return errnoValue(env, errno);
  if (::listen(fd, backlog) < 0) return closeWith(env, fd, errno);
  return numberValue(env, fd);
}

napi_value unixDatagram(napi_env env, napi_callback_info info) {
  Call call(env, info, "unixDatagram", 2);
  const std::string path = call.text(0, "path");
  const auto mode = static_cast<mode_t>(call.integer(1, "mode", 0, 0777));
  if (!call.ok()) return nullptr;
  const int fd = bindUnix(path, mode, SOCK_DGRAM);
  if (fd < 0) return errnoValue(env, errno);
  const int on = 1;
  if (setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof on) < 0) return closeWith(env, fd, errno);
  return numberValue(env, fd);
}

napi_value unixConnect(napi_env env, napi_callback_info info) {
  Call call(env, info, "unixConnect", 2);
  const std::string path = call.text(0, "path");
  const int type = socketType(call.text(1, "kind"));
  if (type != SOCK_STREAM && type != SOCK_DGRAM) call.reject("kind", "stream or datagram");
  if (!call.ok()) return nullptr;
  Address address;
  if (!toAddress(path, &address)) return errnoValue(env, ENAMETOOLONG);
  const int fd = ::socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return errnoValue(env, errno);
  if (::connect(fd, reinterpret_cast<sockaddr*>(&address.address), address.length) < 0) return closeWith(env, fd, errno);
  return numberValue(env, fd);
}

napi_value accept(napi_env env, napi_callback_info info) {
  Call call(env, info, "accept", 1);
  const int fd = call.fd(0, "fd");
  if (!call.ok()) return nullptr;
  return outcome(env, accept4(fd, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
}

napi_value peerCredentials(napi_env env, napi_callback_info info) {
  Call call(env, info, "peerCredentials", 1);
  const int fd = call.fd(0, "fd");
  if (!call.ok()) return nullptr;
  ucred peer = {};
  socklen_t length = sizeof peer;
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) < 0) return errnoValue(env, errno);
  napi_value result;
  napi_create_object(env, &result);
  setMember(env, result, "pid", peer.pid);
  setMember(env, result, "uid", peer.uid);
  setMember(env, result, "gid", peer.gid);
  return result;
}

napi_value receiveNotify(napi_env env, napi_callback_info info) {
  Call call(env, info, "receiveNotify", 1);
  const int fd = call.fd(0, "fd");
  if (!call.ok()) return nullptr;
  InHand& hand = inHand();
  hand.notifyAt = nextSequence();
  hand.notifyBytes = -1;
  const Received received = receiveMessage(fd, hand.text, sizeof hand.text, hand.control);
  if (received.bytes < 0) return errnoValue(env, errno);
  passFaultPoint(FaultPoint::afterReceive);
  hand.notifyFlags = received.flags;
  hand.notifyBytes = received.bytes;
  return notifyObject(env, hand.text, received);
}

napi_value heldNotify(napi_env env, napi_callback_info) {
  InHand& hand = inHand();
  if (!hasMessage(hand)) return errnoValue(env, EAGAIN);
  Received received;
  received.bytes = lengthInHand(hand);
  received.flags = hand.notifyBytes >= 0 ? static_cast<int>(hand.notifyFlags) : 0;
  msghdr message = {};
  message.msg_control = hand.control.bytes;
  message.msg_controllen = sizeof hand.control.bytes;
  readControl(message, &received);
  // They came through the execve open, and whoever had already written down what one is for has it as his own.
  for (int& passed : received.fds) {
    fcntl(passed, F_SETFD, FD_CLOEXEC);
    if (!isKept(passed)) continue;
    const int own = fcntl(passed, F_DUPFD_CLOEXEC, 3);
    if (own >= 0) passed = own;
  }
  napi_value result = notifyObject(env, hand.text, received);
  setMember(env, result, "at", hand.notifyAt);
  setMember(env, result, "deaths", static_cast<double>(++hand.notifyDeaths));
  return result;
}

napi_value notifyTold(napi_env env, napi_callback_info) {
  InHand& hand = inHand();
  memset(hand.text, 0, static_cast<size_t>(lengthInHand(hand)));
  hand.notifyBytes = hand.notifyFlags = hand.notifyDeaths = 0;
  memset(&hand.control, 0, sizeof hand.control);
  return numberValue(env, 0);
}

napi_value sendWithFds(napi_env env, napi_callback_info info) {
  Call call(env, info, "sendWithFds", 3);
  const int fd = call.fd(0, "fd");
  const Bytes data = call.bytes(1, "data");
  const std::vector<int> fds = call.integers(2, "fds", 0, INT32_MAX);
  if (fds.size() > kFdsMax) call.reject("fds", "253 descriptors at most");
  if (!call.ok()) return nullptr;
  iovec part = {data.data, data.length};
  ControlBuffer control = {};
  msghdr message = {};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  if (!fds.empty()) {
    const size_t bytes = fds.size() * sizeof(int);
    message.msg_control = control.bytes;
    message.msg_controllen = CMSG_SPACE(bytes);
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(bytes);
    memcpy(CMSG_DATA(header), fds.data(), bytes);
  }
  return outcome(env, ::sendmsg(fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL));
}

napi_value receiveWithFds(napi_env env, napi_callback_info info) {
  Call call(env, info, "receiveWithFds", 2);
  const int fd = call.fd(0, "fd");
  const Bytes into = call.bytes(1, "into");
  if (!call.ok()) return nullptr;
  ControlBuffer control;
  const Received received = receiveMessage(fd, into.data, into.length, control);
  if (received.bytes < 0) return errnoValue(env, errno);
  napi_value pair;
  napi_create_array_with_length(env, 2, &pair);
  napi_set_element(env, pair, 0, numberValue(env, static_cast<double>(received.bytes)));
  napi_set_element(env, pair, 1, fdList(env, received.fds));
  return pair;
}

napi_value receiveDatagram(napi_env env, napi_callback_info info) {
  Call call(env, info, "receiveDatagram", 2);
  const int fd = call.fd(0, "fd");
  const Bytes into = call.bytes(1, "into");
  if (!call.ok()) return nullptr;
  ControlBuffer control;
  const Received received = receiveMessage(fd, into.data, into.length, control);
  if (received.bytes < 0) return errnoValue(env, errno);
  // Nobody asked for descriptors.
  for (const int passed : received.fds) ::close(passed);
  napi_value result;
  napi_create_object(env, &result);
  setMember(env, result, "bytes", static_cast<double>(received.bytes));
  setMember(env, result, "pid", received.sender.pid);
  setMember(env, result, "uid", received.sender.uid);
  setMember(env, result, "gid", received.sender.gid);
  return result;
}

napi_value sendDatagram(napi_env env, napi_callback_info info) {
  Call call(env, info, "sendDatagram", 6);
  const int fd = call.fd(0, "fd");
  const std::string path = call.text(1, "path");
  const Bytes data = call.bytes(2, "data");
  ucred sender = {};
  sender.pid = static_cast<pid_t>(call.integer(3, "pid", 0, INT32_MAX));
  sender.uid = static_cast<uid_t>(call.integer(4, "uid", 0, UINT32_MAX));
  sender.gid = static_cast<gid_t>(call.integer(5, "gid", 0, UINT32_MAX));
  if (!call.ok()) return nullptr;
  Address address;
  if (!toAddress(path, &address)) return errnoValue(env, ENAMETOOLONG);
  iovec part = {data.data, data.length};
  ControlBuffer control = {};
  msghdr message = {};
  message.msg_name = &address.address;
  message.msg_namelen = address.length;
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  if (sender.pid != 0) {
    message.msg_control = control.bytes;
    message.msg_controllen = CMSG_SPACE(sizeof sender);
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_CREDENTIALS;
    header->cmsg_len = CMSG_LEN(sizeof sender);
    memcpy(CMSG_DATA(header), &sender, sizeof sender);
  }
  return outcome(env, ::sendmsg(fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL));
}

napi_value socketPair(napi_env env, napi_callback_info info) {
  Call call(env, info, "socketPair", 1);
  const int type = socketType(call.text(0, "kind"));
  if (type < 0) call.reject("kind", "stream, datagram or seqpacket");
  if (!call.ok()) return nullptr;
  int ends[2];
  if (::socketpair(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) < 0) return errnoValue(env, errno);
  return pairValue(env, ends[0], ends[1]);
}

napi_value receive(napi_env env, napi_callback_info info) {
  Call call(env, info, "receive", 2);
  const int fd = call.fd(0, "fd");
  const Bytes into = call.bytes(1, "into");
  if (!call.ok()) return nullptr;
  return outcome(env, ::recv(fd, into.data, into.length, MSG_DONTWAIT));
}

napi_value send(napi_env env, napi_callback_info info) {
  Call call(env, info, "send", 2);
  const int fd = call.fd(0, "fd");
  const Bytes data = call.bytes(1, "data");
  if (!call.ok()) return nullptr;
  return outcome(env, ::send(fd, data.data, data.length, MSG_DONTWAIT | MSG_NOSIGNAL));
}

napi_value setSocketBuffers(napi_env env, napi_callback_info info) {
  Call call(env, info, "setSocketBuffers", 3);
  const int fd = call.fd(0, "fd");
  const auto receiveBytes = static_cast<int>(call.integer(1, "receiveBytes", 1, INT32_MAX));
  const auto sendBytes = static_cast<int>(call.integer(2, "sendBytes", 1, INT32_MAX));
  if (!call.ok()) return nullptr;
  // With CAP_NET_ADMIN the system's maximum may be passed; without, the kernel cuts the size silently.
  if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &receiveBytes, sizeof receiveBytes) < 0 &&
      setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receiveBytes, sizeof receiveBytes) < 0) {
    return errnoValue(env, errno);
  }
  if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &sendBytes, sizeof sendBytes) < 0) {
    return done(env, setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &sendBytes, sizeof sendBytes));
  }
  return numberValue(env, 0);
}

}  // namespace heartwood
