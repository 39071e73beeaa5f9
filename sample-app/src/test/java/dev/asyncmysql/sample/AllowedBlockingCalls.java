package dev.asyncmysql.sample;

import reactor.blockhound.BlockHound;
import reactor.blockhound.integration.BlockHoundIntegration;

/**
 * Tells BlockHound of the reads that may happen on an event loop, because none waits for
 * anybody.
 */
public class AllowedBlockingCalls implements BlockHoundIntegration {

	@Override
	public void applyTo(BlockHound.Builder builder) {
		// A TLS handshake takes random numbers from a device that always has some.
		builder.allowBlockingCallsInside("java.security.SecureRandom", "nextBytes");
		// Netty guards the growth of its buffer pool with a lock that is held for some
		// instructions.
		builder.allowBlockingCallsInside("io.netty.buffer.AdaptivePoolingAllocator", "allocate");
		// The first violation loads the messages from the class path, as a class is
		// loaded.
		builder.allowBlockingCallsInside("org.hibernate.validator.resourceloading.PlatformResourceBundleLocator",
				"getResourceBundle");
	}

}
