package dev.asyncmysql.connection;

import java.security.NoSuchAlgorithmException;

import javax.net.ssl.TrustManagerFactory;

import io.asyncer.r2dbc.mysql.constant.SslMode;
import io.netty.handler.ssl.SslContextBuilder;
import org.junit.jupiter.api.Test;

import org.springframework.boot.ssl.SslBundle;
import org.springframework.boot.ssl.SslManagerBundle;
import org.springframework.boot.ssl.SslOptions;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.mockito.BDDMockito.given;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.never;
import static org.mockito.Mockito.verify;
import static org.mockito.Mockito.verifyNoMoreInteractions;

/**
 * Tests for {@link TlsMaterial}.
 */
class TlsMaterialTests {

	private final TrustManagerFactory first = trust();

	private final TrustManagerFactory second = trust();

	private final SslContextBuilder builder = mock();

	@Test
	void anUpdateTakesEffectWithTheNextConnection() {
		TlsMaterial material = new TlsMaterial(bundle(this.first));
		var customizer = material.customizer(SslMode.VERIFY_CA, false);
		material.update(bundle(this.second));
		customizer.apply(this.builder);
		verify(this.builder).trustManager(this.second);
		verifyNoMoreInteractions(this.builder);
	}

	@Test
	void anUpdateThatCannotBeReadChangesNothing() {
		TlsMaterial material = new TlsMaterial(bundle(this.first));
		SslBundle broken = mock();
		given(broken.getOptions()).willThrow(new IllegalStateException("broken"));
		assertThatIllegalStateException().isThrownBy(() -> material.update(broken));
		material.customizer(SslMode.VERIFY_CA, false).apply(this.builder);
		verify(this.builder).trustManager(this.first);
	}

	@Test
	void theServerIsVerifiedAsTheModeSays() {
		new TlsMaterial(bundle(this.first)).customizer(SslMode.REQUIRED, false).apply(this.builder);
		verify(this.builder, never()).trustManager(this.first);
		assertThat(new TlsMaterial(bundle(this.first)).hasTrust()).isFalse();
	}

	@Test
	void versionsOfTheSettingsWinOverThoseOfTheBundle() {
		SslBundle bundle = bundle(this.first);
		given(bundle.getOptions()).willReturn(SslOptions.of(null, new String[] { "TLSv1.2" }));
		TlsMaterial material = new TlsMaterial(bundle);
		material.customizer(SslMode.REQUIRED, true).apply(this.builder);
		verifyNoMoreInteractions(this.builder);
		material.customizer(SslMode.REQUIRED, false).apply(this.builder);
		verify(this.builder).protocols("TLSv1.2");
	}

	private static SslBundle bundle(TrustManagerFactory trust) {
		SslBundle bundle = mock();
		SslManagerBundle managers = mock();
		given(bundle.getOptions()).willReturn(SslOptions.NONE);
		given(bundle.getManagers()).willReturn(managers);
		given(managers.getTrustManagerFactory()).willReturn(trust);
		return bundle;
	}

	private static TrustManagerFactory trust() {
		try {
			return TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
		}
		catch (NoSuchAlgorithmException ex) {
			throw new IllegalStateException(ex);
		}
	}

}
