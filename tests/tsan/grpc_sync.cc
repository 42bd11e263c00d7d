// Tells ThreadSanitizer what Debian's prebuilt gRPC orders by atomics alone;
// what it orders by mutexes, absl_sync.cc tells. In the same way: the functions
// here stand in front of libgrpc's.
#include <grpc/grpc.h>
#include <grpcpp/support/server_callback.h>

#include "tests/tsan/real.h"

extern "C" {

// A batch is begun before its tag is handed out, and the bytes of a message are
// written before they are read, where a channel within the process hands them
// over as they are.
grpc_call_error grpc_call_start_batch(grpc_call* call, const grpc_op* ops,
                                      size_t count, void* tag, void* reserved) {
  static auto* const real =
      usher::Real<decltype(grpc_call_start_batch)>("grpc_call_start_batch");
  __tsan_release(tag);
  for (size_t i = 0; i < count; ++i) {
    if (ops[i].op != GRPC_OP_SEND_MESSAGE) continue;
    const grpc_slice_buffer& sent =
        ops[i].data.send_message.send_message->data.raw.slice_buffer;
    for (size_t j = 0; j < sent.count; ++j) {
      __tsan_release(GRPC_SLICE_START_PTR(sent.slices[j]));
    }
  }
  return real(call, ops, count, tag, reserved);
}

grpc_event grpc_completion_queue_next(grpc_completion_queue* queue,
                                      gpr_timespec deadline, void* reserved) {
  static auto* const real = usher::Real<decltype(grpc_completion_queue_next)>(
      "grpc_completion_queue_next");
  const grpc_event event = real(queue, deadline, reserved);
  if (event.type == GRPC_OP_COMPLETE) __tsan_acquire(event.tag);
  return event;
}

grpc_event grpc_completion_queue_pluck(grpc_completion_queue* queue, void* tag,
                                       gpr_timespec deadline, void* reserved) {
  static auto* const real = usher::Real<decltype(grpc_completion_queue_pluck)>(
      "grpc_completion_queue_pluck");
  const grpc_event event = real(queue, tag, deadline, reserved);
  if (event.type == GRPC_OP_COMPLETE) __tsan_acquire(event.tag);
  return event;
}

int grpc_byte_buffer_reader_peek(grpc_byte_buffer_reader* reader,
                                 grpc_slice** slice) {
  static auto* const real = usher::Real<decltype(grpc_byte_buffer_reader_peek)>(
      "grpc_byte_buffer_reader_peek");
  const int found = real(reader, slice);
  if (found != 0) __tsan_acquire(GRPC_SLICE_START_PTR(**slice));
  return found;
}

}  // extern "C"

// All that was done in a call comes before its OnDone().
void grpc::internal::ServerCallbackCall::ScheduleOnDone(bool inline_ondone) {
  static auto* const real = usher::Real<void(ServerCallbackCall*, bool)>(
      "_ZN4grpc8internal18ServerCallbackCall14ScheduleOnDoneEb");
  __tsan_acquire(&callbacks_outstanding_);
  real(this, inline_ondone);
}

// A reactor is made before it is told that its call was cancelled: whoever does
// one of the two counts down, and the second one tells it.
void grpc::internal::ServerCallbackCall::CallOnCancel(ServerReactor* reactor) {
  static auto* const real =
      usher::Real<void(ServerCallbackCall*, ServerReactor*)>(
          "_ZN4grpc8internal18ServerCallbackCall12CallOnCancelEPNS0_"
          "13ServerReactorE");
  __tsan_acquire(&on_cancel_conditions_remaining_);
  real(this, reactor);
}
