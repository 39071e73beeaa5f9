package dev.asyncmysql.observability;

import reactor.blockhound.BlockHound;
import reactor.blockhound.integration.BlockHoundIntegration;

/**
 * Tells BlockHound of the calls below this starter that may happen on an event loop,
 * because they wait for nobody outside. BlockHound finds it by itself, where it is on the
 * class path.
 */
public final class MySqlBlockHoundIntegration implements BlockHoundIntegration {

	@Override
	public void applyTo(BlockHound.Builder builder) {
		// A TLS handshake takes random numbers from a device that always has some.
		builder.allowBlockingCallsInside("java.security.SecureRandom", "nextBytes");
		// Netty guards the growth of its buffer pool with a lock that is held for some
		// instructions.
		builder.allowBlockingCallsInside("io.netty.buffer.AdaptivePoolingAllocator", "allocate");
	}

}
