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
		// The first violation loads the messages from the class path, as a class is
		// loaded.
		builder.allowBlockingCallsInside("org.hibernate.validator.resourceloading.PlatformResourceBundleLocator",
				"getResourceBundle");
	}

}
