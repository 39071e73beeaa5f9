package dev.asyncmysql;

import reactor.blockhound.BlockHound;
import reactor.blockhound.integration.BlockHoundIntegration;

/**
 * Lets the JDK read {@code /dev/urandom}, which never waits, when the driver begins TLS
 * on an event loop.
 */
public class EntropyIsNotBlocking implements BlockHoundIntegration {

	@Override
	public void applyTo(BlockHound.Builder builder) {
		builder.allowBlockingCallsInside("sun.security.provider.NativePRNG$RandomIO", "readFully");
	}

}
